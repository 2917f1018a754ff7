// How much memory and disk a snapshot may take.
//
// Cost: a read of some files below /proc and /sys. Threads: may be called from any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "capture/processes.h"

namespace leaktrail {

// Absent: no limit, or not ours to see.
struct MemoryRoom {
  std::optional<uint64_t> host_total_bytes;    // MemTotal
  std::optional<uint64_t> host_bytes;          // MemAvailable
  std::optional<uint64_t> cgroup_limit_bytes;  // the limit that has the least room left
  std::optional<uint64_t> cgroup_bytes;        // what may still be used below it, caches given back
  std::optional<uint64_t> disk_bytes;          // free where the file will be
};
// `pid` 0: of another machine, whose memory is not ours to see.
MemoryRoom ReadMemoryRoom(ProcessId pid, const std::string& output_path);

// What has to stay free of a limit, so that nobody below it meets the limit: 5 %, but not less than
// 16 MB nor more than 128.
uint64_t MemoryReserve(uint64_t limit_bytes);

// What would leave less than the reserve if `bytes` more were used: "120 MB are left below the limit
// of the container (512 MB)"; nothing if there is room.
std::optional<std::string> WhatIsShort(const MemoryRoom& room, uint64_t bytes);

// Tells the kernel to kill us first when memory is short, not the service that we look at. For the
// rest of our life; what we start later inherits it.
void OfferToBeKilled();

}  // namespace leaktrail
