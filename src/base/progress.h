// What a long piece of work tells its caller, and how the caller stops it.
//
// Threads: Report may be called from any worker; an implementation guards itself. Cancel() is
// async-signal-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

namespace leaktrail {

class CancelToken {
 public:
  void Cancel() { cancelled_.store(true, std::memory_order_relaxed); }
  bool cancelled() const { return cancelled_.load(std::memory_order_relaxed); }

 private:
  std::atomic<bool> cancelled_{false};
};

class ProgressSink {
 public:
  virtual ~ProgressSink() = default;
  // `total` is 0 while it is unknown (a pipe, a compressed file). Units: bytes when reading.
  virtual void Report(std::string_view phase, uint64_t done, uint64_t total) = 0;
};

}  // namespace leaktrail
