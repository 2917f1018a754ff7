// Reads a process's memory at a moment when it means something: nothing in flight, no garbage.
//
//   settle: pending requests, timers and handles of the process no longer get fewer
//   collect: all garbage twice, a turn of the event loop between, since finalizers free more
//   read: process.memoryUsage(), and what the kernel says its resident memory is made of
//
// Cost in the target: two full collections a reading; some microseconds for each look while
// settling. Threads: one at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "base/progress.h"
#include "base/result.h"
#include "capture/inspector.h"
#include "capture/resident_split.h"

namespace leaktrail {

struct MemoryReading {
  double heap_used = 0;      // bytes
  double heap_limit = 0;     // what V8 may use before it gives up
  double external = 0;       // outside V8's heap but held by it, array buffers included
  double array_buffers = 0;  // their backing stores
  double resident = 0;
  double heap_total = 0;               // what V8 has for it from the kernel
  std::optional<ResidentSplit> split;  // of the resident memory
  double collect_ms = 0;               // the two collections took
};

struct SettleOptions {
  std::chrono::milliseconds at_least{100};
  std::chrono::milliseconds at_most{1500};
  const CancelToken* cancel = nullptr;
};

class MemoryProbe {
 public:
  MemoryProbe(Inspector& inspector, ProcessId pid) : inspector_(inspector), pid_(pid) {}

  // Waits until what is pending in the process stops getting less.
  Result<void> Settle(const SettleOptions& options);
  Result<void> Collect();
  Result<MemoryReading> Read();
  // Collect and Read.
  Result<MemoryReading> Measure();

 private:
  Inspector& inspector_;
  ProcessId pid_;
};

}  // namespace leaktrail
