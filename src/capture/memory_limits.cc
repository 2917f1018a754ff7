#include "capture/memory_limits.h"

#include <fmt/format.h>

#include <algorithm>

#include "capture/node_flags.h"
#include "capture/proc_files.h"

namespace leaktrail {
namespace {

// Version 1 says "no limit" as the largest multiple of a page.
constexpr uint64_t kNoLimit = uint64_t{1} << 60;

std::optional<uint64_t> LimitInFile(const std::string& path) {
  const std::optional<std::string> text = ReadProcFile(path);
  if (!text) return std::nullopt;
  const std::optional<uint64_t> limit =
      ToNumber(std::string_view(*text).substr(0, text->find('\n')));
  return limit && *limit < kNoLimit ? limit : std::nullopt;  // "max" is no number
}

}  // namespace

std::vector<std::string> CgroupMountPoints(bool version_2) {
  std::vector<std::string> out;
  const std::optional<std::string> mounts = ReadProcFile("/proc/self/mounts");
  if (!mounts) return out;
  for (const std::string_view line : SplitLines(*mounts)) {
    const std::vector<std::string_view> words = SplitWords(line);
    if (words.size() < 4) continue;
    const std::string options = fmt::format(",{},", words[3]);
    const bool fits = version_2
                          ? words[2] == "cgroup2"
                          : words[2] == "cgroup" && options.find(",memory,") != std::string::npos;
    if (fits) out.emplace_back(words[1]);
  }
  return out;
}

std::optional<CgroupPath> MemoryCgroupOf(std::string_view proc_cgroup) {
  std::optional<CgroupPath> unified;
  for (const std::string_view line : SplitLines(proc_cgroup)) {
    const size_t first = line.find(':');
    const size_t second = first == std::string_view::npos ? first : line.find(':', first + 1);
    if (second == std::string_view::npos) continue;
    const std::string controllers = fmt::format(",{},", line.substr(first + 1, second - first - 1));
    const std::string path(line.substr(second + 1));
    if (controllers.find(",memory,") != std::string::npos) return CgroupPath{false, path};
    if (line.starts_with("0::")) unified = CgroupPath{true, path};
  }
  return unified;
}

std::optional<uint64_t> FindCgroupLimit(int pid) {
  const std::optional<std::string> text = ReadProcFile(pid, "cgroup");
  if (!text) return std::nullopt;
  const std::optional<CgroupPath> group = MemoryCgroupOf(*text);
  if (!group) return std::nullopt;
  const char* file = group->version_2 ? "memory.max" : "memory.limit_in_bytes";
  std::optional<uint64_t> least;
  for (const std::string& mount : CgroupMountPoints(group->version_2)) {
    std::string path = group->path;
    while (true) {
      const std::optional<uint64_t> limit = LimitInFile(mount + path + "/" + file);
      if (limit) least = std::min(least.value_or(*limit), *limit);
      if (path.empty() || path == "/") break;
      path.resize(path.rfind('/'));
    }
  }
  return least;
}

std::optional<uint64_t> FindOldSpaceLimit(const std::vector<std::string>& arguments,
                                          std::string_view node_options) {
  const std::optional<std::string> megabytes =
      FindNodeFlag(arguments, node_options, {"--max-old-space-size", "--max_old_space_size"});
  if (!megabytes) return std::nullopt;
  const std::optional<uint64_t> n = ToNumber(*megabytes);
  if (!n || *n == 0) return std::nullopt;
  return *n << 20;
}

}  // namespace leaktrail
