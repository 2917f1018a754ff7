// Reads a process's memory at a moment when it means something: nothing in flight, no garbage.
//
//   settle: pending requests, timers and handles of the process no longer get fewer
//   collect: all garbage twice, a turn of the event loop between, since finalizers free more
//   read: process.memoryUsage()
//
// Cost in the target: two full collections a reading; some microseconds for each look while
// settling. Threads: one at a time.
#pragma once

#include <chrono>
#include <cstdint>

#include "base/progress.h"
#include "base/result.h"
#include "capture/inspector.h"

namespace leaktrail {

struct MemoryReading {
  double heap_used = 0;      // bytes
  double heap_limit = 0;     // what V8 may use before it gives up
  double external = 0;       // outside V8's heap but held by it, array buffers included
  double array_buffers = 0;  // their backing stores
  double resident = 0;
  double collect_ms = 0;  // the two collections took
};

struct SettleOptions {
  std::chrono::milliseconds at_least{100};
  std::chrono::milliseconds at_most{1500};
  const CancelToken* cancel = nullptr;
};

class MemoryProbe {
 public:
  explicit MemoryProbe(Inspector& inspector) : inspector_(inspector) {}

  // Waits until what is pending in the process stops getting less.
  Result<void> Settle(const SettleOptions& options);
  Result<void> Collect();
  Result<MemoryReading> Read();
  // Collect and Read.
  Result<MemoryReading> Measure();

 private:
  Inspector& inspector_;
};

}  // namespace leaktrail
