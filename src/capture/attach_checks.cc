#include "capture/attach_checks.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <thread>

#include "capture/node_flags.h"
#include "capture/proc_files.h"

namespace leaktrail {
namespace {

constexpr std::chrono::milliseconds kLockRetry{20};
constexpr std::chrono::milliseconds kProbeTimeout{500};
constexpr std::string_view kEstablished = "01";

tl::unexpected<Error> Refuse(const NodeProcess& process, std::string_view why) {
  return Fail(ErrorKind::kEnvironment,
              fmt::format("process {} ({}) {}", process.pid, process.name, why));
}

bool TakesSigusr1(const std::string& status) {
  const std::optional<std::string_view> caught = FieldOf(status, "SigCgt");
  const std::optional<uint64_t> bits = caught ? ToNumber(*caught, 16) : std::nullopt;
  return bits && (*bits >> (SIGUSR1 - 1) & 1) != 0;
}

bool HasPermissionModel(const NodeProcess& process) {
  return FindNodeFlag(process.arguments, process.node_options,
                      {"--permission", "--experimental-permission"})
      .has_value();
}

std::string OwnerOfSocket(uint64_t inode) {
  for (const NodeProcess& p : ListNodeProcesses({.heap = false, .version = false})) {
    if (ListeningInodes(p.pid).contains(inode)) {
      return fmt::format("process {} ({})", p.pid, p.name);
    }
  }
  return "another program";
}

template <typename F>
std::optional<ListeningSocket> FirstInspector(const NodeProcess& process, const CancelToken* cancel,
                                              const F& may_be) {
  InspectorOptions options;
  options.network_of_pid = process.in_other_network ? process.pid : 0;
  options.connect_timeout = kProbeTimeout;
  options.cancel = cancel;
  for (const ListeningSocket& s : FindListeningSockets(process.pid)) {
    if (may_be(s) && IsNodeInspector(AddressOf(s), options)) return s;
  }
  return std::nullopt;
}

}  // namespace

bool StillRuns(const NodeProcess& process) {
  const std::optional<ProcessStat> stat = ReadStat(process.pid);
  return stat && stat->start_ticks == process.start_ticks;
}

std::set<uint64_t> ListeningInodes(ProcessId pid) {
  std::set<uint64_t> out;
  for (const ListeningSocket& s : FindListeningSockets(pid)) out.insert(s.inode);
  return out;
}

Result<void> CheckMayTouch(const NodeProcess& process) {
  if (kill(process.pid, 0) != 0) {
    if (errno == ESRCH) return Refuse(process, "has ended");
    return Refuse(process, "belongs to another user; run leaktrail as that user or as root");
  }
  const std::string fds = fmt::format("/proc/{}/fd", process.pid);
  if (access(fds.c_str(), R_OK | X_OK) != 0) {
    return Refuse(process, "does not let this user look at its sockets; run leaktrail as root");
  }
  return {};
}

Result<void> CheckMayOpen(const NodeProcess& process) {
  const std::string status = ReadProcFile(process.pid, "status").value_or("");
  const std::string_view state = FieldOf(status, "State").value_or("");
  if (state.starts_with("T") || state.starts_with("t")) {
    return Refuse(process, "is stopped, by a signal or a debugger; let it continue first");
  }
  if (HasPermissionModel(process)) {
    return Refuse(process,
                  "runs under Node's permission model, which allows no inspector; start it "
                  "with --inspect=127.0.0.1:0 --allow-inspector, or without --permission");
  }
  if (!TakesSigusr1(status)) {
    return Refuse(process,
                  "has no handler for SIGUSR1 (it is still starting, or runs with "
                  "--disable-sigusr1); start it with --inspect=127.0.0.1:0");
  }
  const uint16_t port = InspectPort(process.arguments, process.node_options);
  if (port == 0) return {};
  for (const ListeningSocket& s : FindNetworkListeners(process.pid)) {
    if (s.port != port || (s.host != "127.0.0.1" && s.host != "0.0.0.0" && s.host != "::"))
      continue;
    return Refuse(process, fmt::format("would open its inspector on port {}, which {} uses; end "
                                       "that, or start this one with --inspect-port=0",
                                       port, OwnerOfSocket(s.inode)));
  }
  return {};
}

Result<FileDescriptor> LockNetwork(const NodeProcess& process, SteadyTime deadline,
                                   const CancelToken* cancel) {
  FileDescriptor lock(
      open(fmt::format("/proc/{}/ns/net", process.pid).c_str(), O_RDONLY | O_CLOEXEC));
  if (!lock.valid()) {
    return Refuse(process, fmt::format("does not let this user look at its network ({}); run "
                                       "leaktrail as root",
                                       std::strerror(errno)));
  }
  while (flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    if (cancel != nullptr && cancel->cancelled()) {
      return Fail(ErrorKind::kInterrupted, "interrupted");
    }
    if (errno != EWOULDBLOCK && errno != EINTR) {
      return Refuse(process, fmt::format("cannot be locked: {}", std::strerror(errno)));
    }
    if (std::chrono::steady_clock::now() > deadline) {
      return Fail(ErrorKind::kEnvironment,
                  "another leaktrail is opening an inspector on this machine and takes long; try "
                  "again");
    }
    std::this_thread::sleep_for(kLockRetry);
  }
  return lock;
}

InspectorAddress AddressOf(const ListeningSocket& socket) {
  if (socket.host == "0.0.0.0") return {"127.0.0.1", socket.port};
  if (socket.host == "::") return {"::1", socket.port};
  return {socket.host, socket.port};
}

std::optional<ListeningSocket> FindNewInspector(const NodeProcess& process,
                                                const std::set<uint64_t>& before,
                                                const CancelToken* cancel) {
  return FirstInspector(process, cancel,
                        [&](const ListeningSocket& s) { return !before.contains(s.inode); });
}

std::optional<ListeningSocket> FindAnyInspector(const NodeProcess& process,
                                                const CancelToken* cancel) {
  return FirstInspector(process, cancel, [](const ListeningSocket& s) {
    return s.host == "127.0.0.1" || s.host == "::1";
  });
}

size_t CountClients(const NodeProcess& process, uint16_t port) {
  size_t count = 0;
  const std::string local = fmt::format(":{:04X}", port);
  for (const char* table : {"net/tcp", "net/tcp6"}) {
    const std::optional<std::string> text = ReadProcFile(process.pid, table);
    if (!text) continue;
    for (const std::string_view line : SplitLines(*text)) {
      const std::vector<std::string_view> words = SplitWords(line);
      if (words.size() > 3 && words[3] == kEstablished && words[1].ends_with(local)) ++count;
    }
  }
  return count;
}

}  // namespace leaktrail
