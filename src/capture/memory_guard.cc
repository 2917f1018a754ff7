#include "capture/memory_guard.h"

#include <algorithm>

namespace leaktrail {
namespace {

constexpr auto kBetweenLooks = std::chrono::milliseconds(50);
constexpr uint64_t kMostAhead = 512'000'000;  // of a machine with other programs on it

}  // namespace

std::optional<std::string> MemoryGuard::Judge(const MemoryRoom& room) {
  // A look may come late, so as much again as was taken between the last two has to be there twice.
  const auto taken = [](std::optional<uint64_t>& last, std::optional<uint64_t> now) {
    const uint64_t bytes = last && now && *last > *now ? *last - *now : 0;
    last = now;
    return bytes;
  };
  MemoryRoom container = room, machine = room;
  container.host_bytes.reset();
  machine.cgroup_bytes.reset();
  const uint64_t by_group = taken(group_, room.cgroup_bytes);
  const uint64_t by_all = taken(host_, room.host_bytes);  // whoever they are
  if (auto why = WhatIsShort(container, 2 * by_group)) return why;
  return WhatIsShort(machine, std::min(2 * by_all, kMostAhead));
}

std::optional<std::string> MemoryGuard::Look() {
  const auto now = std::chrono::steady_clock::now();
  if (last_look_ && now - *last_look_ < kBetweenLooks) return std::nullopt;
  last_look_ = now;
  return Judge(ReadMemoryRoom(pid_, ""));
}

}  // namespace leaktrail
