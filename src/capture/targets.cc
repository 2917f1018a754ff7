// What a user means by TARGET.
#include <fmt/format.h>

#include <algorithm>

#include "capture/proc_files.h"
#include "capture/processes.h"

namespace leaktrail {
namespace {

constexpr size_t kMaxShown = 8;

std::string BaseName(const std::string& path) { return path.substr(path.rfind('/') + 1); }

bool IsCalled(const NodeProcess& p, std::string_view text) {
  const std::string base = BaseName(p.script);
  return p.name == text || p.package_name == text || (!p.script.empty() && p.script == text) ||
         (!base.empty() && (base == text || base.substr(0, base.rfind('.')) == text));
}

std::string ShownList(const std::vector<NodeProcess>& processes) {
  std::string out;
  for (size_t i = 0; i < processes.size() && i < kMaxShown; ++i) {
    const NodeProcess& p = processes[i];
    out += fmt::format("{}{} ({}{})", i == 0 ? "" : ", ", p.pid, p.name,
                       p.pm2 ? fmt::format(":{}", p.pm2->id) : "");
  }
  if (processes.size() > kMaxShown)
    out += fmt::format(" and {} more", processes.size() - kMaxShown);
  return out;
}

Result<Target> OnlyOne(std::vector<NodeProcess> found, std::string_view text) {
  if (found.size() == 1) {
    // The list was made without the dear parts.
    Result<NodeProcess> whole = DescribeProcess(found[0].pid);
    if (!whole) return tl::unexpected(whole.error());
    return Target{std::move(*whole), std::nullopt};
  }
  return Fail(ErrorKind::kUsage, fmt::format("{} Node processes are called '{}': {}; give one pid",
                                             found.size(), text, ShownList(found)));
}

Target AtAddress(const InspectorAddress& address) {
  Target target;
  target.inspector = address;
  const std::vector<ListeningSocket> all = FindNetworkListeners(0);
  const auto listens = [&](const ListeningSocket& s) {
    return s.port == address.port &&
           (s.host == address.host || s.host == "0.0.0.0" || s.host == "::");
  };
  if (std::none_of(all.begin(), all.end(), listens)) return target;
  for (NodeProcess& process : ListNodeProcesses({.heap = false, .version = true})) {
    if (process.in_other_network) continue;
    const std::vector<ListeningSocket> own = FindListeningSockets(process.pid);
    if (std::none_of(own.begin(), own.end(), listens)) continue;
    target.process = std::move(process);
    break;
  }
  return target;
}

}  // namespace

Result<Target> ResolveTarget(std::string_view text) {
  if (const std::optional<uint64_t> pid = ToNumber(text); pid && *pid > 0 && *pid < (1u << 30)) {
    Result<NodeProcess> process = DescribeProcess(static_cast<int>(*pid));
    if (!process) return tl::unexpected(process.error());
    return Target{std::move(*process), std::nullopt};
  }
  if (const Result<InspectorAddress> address = ParseInspectorAddress(text)) {
    return AtAddress(*address);
  }
  const std::vector<NodeProcess> all = ListNodeProcesses({.heap = false, .version = false});
  const auto those = [&](const auto& fits) {
    std::vector<NodeProcess> out;
    std::copy_if(all.begin(), all.end(), std::back_inserter(out), fits);
    return out;
  };
  std::vector<NodeProcess> by_pm2 = those([&](const NodeProcess& p) {
    return p.pm2 && (p.pm2->name == text || fmt::format("{}:{}", p.pm2->name, p.pm2->id) == text);
  });
  if (!by_pm2.empty()) return OnlyOne(std::move(by_pm2), text);
  std::vector<NodeProcess> by_name = those([&](const NodeProcess& p) { return IsCalled(p, text); });
  if (!by_name.empty()) return OnlyOne(std::move(by_name), text);
  if (all.empty()) {
    return Fail(ErrorKind::kEnvironment,
                fmt::format("no Node process is called '{}': none runs that you may see", text));
  }
  return Fail(ErrorKind::kEnvironment,
              fmt::format("no Node process is called '{}'; there are: {}", text, ShownList(all)));
}

}  // namespace leaktrail
