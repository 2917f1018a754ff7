#include "capture/memory_room.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>

#include "base/output_file.h"
#include "capture/memory_limits.h"
#include "capture/proc_files.h"
#include "capture/tcp_connect.h"

namespace leaktrail {
namespace {

constexpr uint64_t kMega = 1'000'000;
constexpr uint64_t kNoLimit = uint64_t{1} << 60;  // how version 1 says that there is none

std::optional<uint64_t> NumberIn(const std::string& path) {
  const std::optional<std::string> text = ReadProcFile(path);
  if (!text) return std::nullopt;
  const std::optional<uint64_t> value =
      ToNumber(std::string_view(*text).substr(0, text->find('\n')));
  return value && *value < kNoLimit ? value : std::nullopt;
}

// File pages that nobody uses are given back when memory is short.
uint64_t ReclaimableIn(const std::string& folder) {
  const std::optional<std::string> stat = ReadProcFile(folder + "/memory.stat");
  if (!stat) return 0;
  uint64_t own = 0;
  std::optional<uint64_t> total;  // version 1: with the groups below
  for (const std::string_view line : SplitLines(*stat)) {
    const std::vector<std::string_view> words = SplitWords(line);
    if (words.size() != 2) continue;
    if (words[0] == "inactive_file") own = ToNumber(words[1]).value_or(0);
    if (words[0] == "total_inactive_file") total = ToNumber(words[1]);
  }
  return total.value_or(own);
}

void ReadCgroup(ProcessId pid, MemoryRoom* room) {
  const std::optional<std::string> text = ReadProcFile(pid, "cgroup");
  if (!text) return;
  const std::optional<CgroupPath> group = MemoryCgroupOf(*text);
  if (!group) return;
  const char* limit_file = group->version_2 ? "memory.max" : "memory.limit_in_bytes";
  const char* usage_file = group->version_2 ? "memory.current" : "memory.usage_in_bytes";
  for (const std::string& mount : CgroupMountPoints(group->version_2)) {
    std::string path = group->path;
    while (true) {
      const std::string folder = mount + path + "/";
      const std::optional<uint64_t> limit = NumberIn(folder + limit_file);
      const std::optional<uint64_t> usage = NumberIn(folder + usage_file);
      if (limit && usage) {
        const uint64_t used = *usage - std::min(*usage, ReclaimableIn(folder));
        const uint64_t left = *limit - std::min(*limit, used);
        if (!room->cgroup_bytes || left < *room->cgroup_bytes) {
          room->cgroup_bytes = left;
          room->cgroup_limit_bytes = limit;
        }
      }
      if (path.empty() || path == "/") break;
      path.resize(path.rfind('/'));
    }
  }
}

std::string FolderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

uint64_t MemoryReserve(uint64_t limit_bytes) {
  return std::clamp<uint64_t>(limit_bytes / 20, 16'000'000, 128'000'000);
}

std::optional<std::string> WhatIsShort(const MemoryRoom& room, uint64_t bytes) {
  const auto is_short = [bytes](std::optional<uint64_t> left, std::optional<uint64_t> limit) {
    return left && limit && *left < bytes + MemoryReserve(*limit);
  };
  if (is_short(room.cgroup_bytes, room.cgroup_limit_bytes)) {
    return fmt::format("{} MB are left below the limit of the container ({} MB)",
                       *room.cgroup_bytes / kMega, *room.cgroup_limit_bytes / kMega);
  }
  if (is_short(room.host_bytes, room.host_total_bytes)) {
    return fmt::format("{} MB are left of this machine's memory ({} MB)", *room.host_bytes / kMega,
                       *room.host_total_bytes / kMega);
  }
  return std::nullopt;
}

void OfferToBeKilled() {
  const FileDescriptor file(open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC));
  if (file.valid()) static_cast<void>(write(file.get(), "1000", 4));
}

MemoryRoom ReadMemoryRoom(ProcessId pid, const std::string& output_path) {
  MemoryRoom room;
  if (pid != 0) {
    if (const std::optional<std::string> info = ReadProcFile("/proc/meminfo")) {
      room.host_total_bytes = KilobytesOf(*info, "MemTotal");
      room.host_bytes = KilobytesOf(*info, "MemAvailable");
    }
    ReadCgroup(pid, &room);
  }
  struct statvfs disk {};
  if (!output_path.empty() && !TakesBytesAsTheyCome(output_path) &&
      statvfs(FolderOf(output_path).c_str(), &disk) == 0) {
    room.disk_bytes = uint64_t{disk.f_bavail} * disk.f_frsize;
  }
  return room;
}

}  // namespace leaktrail
