#include "capture/memory_guard.h"

#include <fmt/format.h>

#include <algorithm>

namespace leaktrail {
namespace {

constexpr auto kBetweenLooks = std::chrono::milliseconds(50);

std::string Megabytes(uint64_t bytes) { return fmt::format("{} MB", bytes / 1'000'000); }

}  // namespace

bool MemoryGuard::Sight::Short(uint64_t now, uint64_t reserve) {
  // A look may come late, so as much again as was taken between the last two has to be there twice.
  const uint64_t taken = left && *left > now ? *left - now : 0;
  left = now;
  return now < reserve + 2 * taken;
}

std::optional<std::string> MemoryGuard::Judge(const MemoryRoom& room) {
  if (room.cgroup_bytes && room.cgroup_limit_bytes &&
      group_.Short(*room.cgroup_bytes, MemoryReserve(*room.cgroup_limit_bytes))) {
    return fmt::format("{} were left below the limit of its container ({})",
                       Megabytes(*room.cgroup_bytes), Megabytes(*room.cgroup_limit_bytes));
  }
  if (room.host_bytes && room.host_total_bytes &&
      host_.Short(*room.host_bytes, MemoryReserve(*room.host_total_bytes))) {
    return fmt::format("{} were left of this machine's memory ({})", Megabytes(*room.host_bytes),
                       Megabytes(*room.host_total_bytes));
  }
  return std::nullopt;
}

std::optional<std::string> MemoryGuard::Look() {
  const auto now = std::chrono::steady_clock::now();
  if (last_look_ && now - *last_look_ < kBetweenLooks) return std::nullopt;
  last_look_ = now;
  return Judge(ReadMemoryRoom(pid_, ""));
}

}  // namespace leaktrail
