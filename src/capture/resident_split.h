// A process's resident memory by kind, as the kernel counts it (/proc/PID/smaps_rollup).
//
// Cost: the kernel walks all pages for it, 4 to 15 ms for a heap of 200 MB, outside the process but
// holding the lock on its map of memory. Linux. Threads: any.
#pragma once

#include <cstdint>
#include <optional>

#include "capture/processes.h"

namespace leaktrail {

// Anonymous memory is the heap and what native code allocated.
struct ResidentSplit {
  uint64_t resident_bytes = 0;
  uint64_t anonymous_bytes = 0;
  uint64_t file_bytes = 0;
  uint64_t shared_bytes = 0;
  uint64_t swap_bytes = 0;
};

// None where the kernel or the rights do not give it.
std::optional<ResidentSplit> ReadResidentSplit(ProcessId pid);

}  // namespace leaktrail
