// Tells in time that a forked child is about to fill the memory that it shares with its service.
//
//   room |■■■■■■■■■■■■■■■■■■■■■■■■|······|  what is left, caches given back
//        ▲ used by service and child     ▲ reserve, and what may be taken until the next look
//
// The kernel's way out of a full container is to kill the child, whose oom_score_adj is 1000. But
// it does so only after it has taken from the service what it can (file pages, swap), and where
// memory.oom.group is set it kills everybody in the group: Kubernetes sets it for every container
// since 1.28 (cgroup v2). So the child has to end before the kernel looks for somebody to kill.
//
// Cost: a read of some files below /proc and /sys, 0.2 ms, at most every 50 ms.
// Threads: one.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "capture/memory_room.h"

namespace leaktrail {

class MemoryGuard {
 public:
  // `pid`: the service's.
  explicit MemoryGuard(ProcessId pid) : pid_(pid) {}

  // Why the child has to end now, "16 MB are left below the limit of the container (300 MB)";
  // nothing as long as it may go on.
  std::optional<std::string> Look();

  // The same, from readings that are given.
  std::optional<std::string> Judge(const MemoryRoom& room);

 private:
  ProcessId pid_;
  std::optional<std::chrono::steady_clock::time_point> last_look_;
  std::optional<uint64_t> group_, host_;  // left at the last look
};

}  // namespace leaktrail
