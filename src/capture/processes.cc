#include "capture/processes.h"

#include <dirent.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "capture/memory_limits.h"
#include "capture/node_flags.h"
#include "capture/node_version.h"
#include "capture/proc_files.h"
#include "capture/process_names.h"
#include "capture/tcp_connect.h"

namespace leaktrail {
namespace {

// Names of a main thread: Node's own since 24 and 26, and the binary's before.
constexpr std::array<std::string_view, 4> kMainThread{"node", "nodejs", "MainThread",
                                                      "node-MainThread"};
// Threads that only V8's platform in Node has, for binaries with names of their own.
constexpr std::array<std::string_view, 3> kPlatformThread{"V8Worker", "node-V8Worker",
                                                          "DelayedTaskSche"};
constexpr std::string_view kWorkerThread = "WorkerThread";
constexpr std::string_view kInspectorThread = "InspectorIo";
constexpr uint16_t kUsualInspectorPort = 9229;

template <size_t N>
bool IsIn(const std::array<std::string_view, N>& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

std::vector<std::string> ThreadNames(ProcessId pid) {
  std::vector<std::string> names;
  const std::string folder = fmt::format("/proc/{}/task", pid);
  DIR* dir = opendir(folder.c_str());
  if (dir == nullptr) return names;
  while (const dirent* entry = readdir(dir)) {
    if (entry->d_name[0] == '.') continue;
    std::optional<std::string> name = ReadProcFile(folder + "/" + entry->d_name + "/comm");
    if (!name) continue;
    if (name->ends_with('\n')) name->pop_back();
    names.push_back(std::move(*name));
  }
  closedir(dir);
  return names;
}

std::string BaseName(std::string_view path) {
  return std::string(path.substr(path.rfind('/') + 1));
}

bool IsNode(ProcessId pid, const std::string& comm, const std::string& executable) {
  const std::string base = BaseName(executable);
  if (base == "node" || base == "nodejs" || base == "iojs") return true;
  if (executable.empty()) return IsIn(kMainThread, comm);
  const bool like_node = base.starts_with("node") || IsIn(kMainThread, comm);
  const std::vector<std::string> threads =
      like_node ? std::vector<std::string>() : ThreadNames(pid);
  const bool has_platform = std::any_of(
      threads.begin(), threads.end(), [](const auto& name) { return IsIn(kPlatformThread, name); });
  if (!like_node && !has_platform) return false;
  return !FindNodeVersion(fmt::format("/proc/{}/exe", pid)).empty();
}

// Resident bytes of the regions that are not copied to children: V8's heap (Node >= 18).
std::optional<uint64_t> HeapResident(ProcessId pid) {
  const std::optional<std::string> smaps = ReadProcFile(pid, "smaps");
  if (!smaps) return std::nullopt;
  uint64_t sum = 0, resident = 0;
  bool any = false;
  for (const std::string_view line : SplitLines(*smaps)) {
    if (line.starts_with("Rss:")) {
      resident = KilobytesOf(line, "Rss").value_or(0);
    } else if (line.starts_with("VmFlags:") && line.find(" dc") != std::string_view::npos) {
      sum += resident;
      any = true;
    }
  }
  return any ? std::optional(sum) : std::nullopt;
}

std::string AbsoluteScript(const std::string& script, const std::string& working_folder) {
  if (script.empty() || script.starts_with("/")) return script;
  std::string rest = script;
  while (rest.starts_with("./")) rest = rest.substr(2);
  return working_folder.empty() ? rest : working_folder + "/" + rest;
}

// A title that the program gave itself stands in place of all its arguments.
bool IsTitle(const std::vector<std::string>& arguments) {
  return arguments.size() == 1 && arguments[0].find(' ') != std::string::npos;
}

void NameScript(const std::optional<Pm2Facts>& pm2, NodeProcess* process) {
  if (pm2 && !pm2->script.empty()) {
    process->script = pm2->script;
    return;
  }
  if (IsTitle(process->arguments)) return;
  if (const std::optional<size_t> at = ScriptIndex(process->arguments)) {
    process->script = AbsoluteScript(process->arguments[*at], process->working_folder);
  }
}

std::string ShownName(const NodeProcess& process) {
  if (process.pm2) return process.pm2->name;
  if (IsTitle(process.arguments)) return process.arguments[0];
  if (!process.package_name.empty()) return process.package_name;
  if (!process.script.empty()) return BaseName(process.script);
  return process.arguments.empty() ? "node" : BaseName(process.arguments[0]);
}

std::optional<Container> FindContainer(ProcessId pid, const std::string& status) {
  const std::string cgroup = ReadProcFile(pid, "cgroup").value_or("");
  Container container = ContainerOfCgroup(cgroup);
  const std::string_view pids = FieldOf(status, "NSpid").value_or("");
  const std::vector<std::string_view> in_each = SplitWords(pids);
  container.pid_inside =
      in_each.empty() ? pid : static_cast<int>(ToNumber(in_each.back()).value_or(0));
  if (container.runtime.empty() && in_each.size() < 2) return std::nullopt;
  // What we share with it is not a container from where we stand.
  if (in_each.size() < 2 && cgroup == ReadProcFile("/proc/self/cgroup").value_or("")) {
    return std::nullopt;
  }
  return container;
}

std::optional<InspectorAddress> FindInspector(const NodeProcess& process,
                                              const std::vector<std::string>& threads) {
  const std::vector<ListeningSocket> sockets = FindListeningSockets(process.pid);
  const uint16_t said = InspectPort(process.arguments, process.node_options);
  for (const uint16_t port : {said, kUsualInspectorPort}) {
    for (const ListeningSocket& s : sockets) {
      if (s.port == port) return InspectorAddress{s.host, s.port};
    }
  }
  if (std::find(threads.begin(), threads.end(), kInspectorThread) == threads.end()) {
    return std::nullopt;
  }
  // The thread says that there is one; if only one socket can be it, it is.
  std::vector<ListeningSocket> local = sockets;
  std::erase_if(local, [](const auto& s) { return s.host != "127.0.0.1" && s.host != "::1"; });
  if (local.size() != 1) return std::nullopt;
  return InspectorAddress{local[0].host, local[0].port};
}

void CountThreads(const std::vector<std::string>& names, NodeProcess* process) {
  process->thread_count = static_cast<uint32_t>(names.size());
  const bool named = std::any_of(names.begin(), names.end(), [](const std::string& name) {
    return name == "MainThread" || name == "node-MainThread";
  });
  if (!named) return;
  process->worker_count =
      static_cast<uint32_t>(std::count(names.begin(), names.end(), kWorkerThread));
}

std::optional<NodeProcess> Describe(ProcessId pid, const ListOptions& options) {
  const std::optional<ProcessStat> stat = ReadStat(pid);
  if (!stat) return std::nullopt;
  const std::string exe_path = fmt::format("/proc/{}/exe", pid);
  const std::optional<std::string> executable = ReadLink(exe_path);
  if (!IsNode(pid, stat->comm, executable.value_or(""))) return std::nullopt;
  const std::optional<std::string> status = ReadProcFile(pid, "status");
  if (!status) return std::nullopt;
  if (FieldOf(*status, "State").value_or("").starts_with("Z")) return std::nullopt;

  NodeProcess process;
  process.pid = pid;
  const std::string_view uids = FieldOf(*status, "Uid").value_or("");
  process.uid = static_cast<uint32_t>(ToNumber(uids.substr(0, uids.find('\t'))).value_or(0));
  process.start_ticks = stat->start_ticks;
  process.started_at = TimeOfTicks(stat->start_ticks).value_or(0);
  const std::string uptime = ReadProcFile("/proc/uptime").value_or("0 0");
  process.age_seconds = std::max(
      0.0, std::strtod(uptime.c_str(), nullptr) -
               static_cast<double>(stat->start_ticks) / static_cast<double>(sysconf(_SC_CLK_TCK)));
  process.resident_bytes = stat->resident_bytes;
  process.executable = executable.value_or("");
  process.accessible = executable.has_value();
  process.arguments = SplitAtNul(ReadProcFile(pid, "cmdline").value_or(""));
  while (!process.arguments.empty() && process.arguments.back().empty()) {
    process.arguments.pop_back();
  }
  process.working_folder = ReadLink(fmt::format("/proc/{}/cwd", pid)).value_or("");

  const std::vector<std::string> environment =
      SplitAtNul(ReadProcFile(pid, "environ").value_or(""));
  process.node_options = VariableOf(environment, "NODE_OPTIONS");
  const std::optional<Pm2Facts> pm2 = FindPm2Facts(environment);
  // pm2's own processes inherit nothing of an app; the app's children do, and are not the app.
  if (pm2) {
    process.pm2 = pm2->name;
    process.limits.pm2_restart_bytes = pm2->restart_bytes;
    if (IsTitle(process.arguments)) {
      process.arguments.insert(process.arguments.end(), pm2->node_arguments.begin(),
                               pm2->node_arguments.end());
    }
  }
  NameScript(pm2, &process);
  process.package_name =
      FindPackageName(fmt::format("/proc/{}/root", pid), process.script, process.working_folder);
  process.name = ShownName(process);
  process.limits.old_space_bytes = FindOldSpaceLimit(process.arguments, process.node_options);
  process.limits.cgroup_bytes = FindCgroupLimit(pid);
  const std::vector<std::string> threads = ThreadNames(pid);
  CountThreads(threads, &process);
  process.inspector = FindInspector(process, threads);
  process.container = FindContainer(pid, *status);
  process.in_other_network = !SameNetwork(pid, 0);
  if (options.version) process.node_version = FindNodeVersion(exe_path);
  if (options.heap) process.heap_resident_bytes = HeapResident(pid);
  return process;
}

}  // namespace

std::vector<NodeProcess> ListNodeProcesses(const ListOptions& options) {
  std::vector<NodeProcess> out;
  DIR* dir = opendir("/proc");
  if (dir == nullptr) return out;
  while (const dirent* entry = readdir(dir)) {
    const std::optional<uint64_t> pid = ToNumber(entry->d_name);
    if (!pid) continue;
    std::optional<NodeProcess> process = Describe(static_cast<int>(*pid), options);
    if (process) out.push_back(std::move(*process));
  }
  closedir(dir);
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.pid < b.pid; });
  return out;
}

Result<NodeProcess> DescribeProcess(ProcessId pid, const ListOptions& options) {
  std::optional<NodeProcess> process = Describe(pid, options);
  if (process) return std::move(*process);
  const std::optional<ProcessStat> stat = ReadStat(pid);
  if (!stat) {
    return Fail(ErrorKind::kEnvironment,
                fmt::format("there is no process {}; see leaktrail ps", pid));
  }
  return Fail(ErrorKind::kEnvironment,
              fmt::format("process {} ({}) is not Node; see leaktrail ps", pid, stat->comm));
}

}  // namespace leaktrail
