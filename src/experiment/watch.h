// Watching one process: samples in, a verdict so far out.
//
//   major collections ─▶ live heap   ─▶ SequentialVerdict ┐
//                     └▶ external    ─▶ SequentialVerdict ├▶ leak | no-leak | inconclusive,
//   samples           ─▶ resident    ─▶ SequentialVerdict ┘   slope, seconds until a limit
//
// Garbage must be gone from what a verdict judges, so heap and external memory count right after
// major collections only, at most once a second (of several the lowest). Resident memory is judged
// for its slope, and for memory that neither the heap nor its buffers hold: a leak in native code.
//
// Cost: that of the verdict (verdict.h), for each sample. Threads: a value. No clock: time comes
// with the samples.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "capture/samples.h"
#include "experiment/verdict.h"

namespace leaktrail {

struct WatchLimits {
  std::optional<uint64_t> resident_bytes;  // of a cgroup, or where pm2 restarts
  const char* resident_limit_of = "";      // "cgroup", "pm2"
};

struct WatchState {
  GrowthOutcome outcome = GrowthOutcome::kGoOn;
  const char* grows = "";  // "heap", "external", "native"; "" if nothing does
  GrowthVerdict heap, external, native, resident;
  // Of the part that grows, else of the heap, else (before there are enough major collections) of
  // the resident memory. Bytes per second.
  SlopeInterval slope;
  const char* slope_of = "";  // "heap", "external", "native", "resident"; "" while nothing is known
  std::string reason;
  // Until the first limit is reached, if it goes on like this; nothing if nothing grows for sure.
  std::optional<double> seconds_to_limit;
  const char* limit_of = "";     // "heap", "cgroup", "pm2"
  uint64_t live_heap_bytes = 0;  // after the latest major collection; 0 before the first
  uint32_t major_count = 0;
};

class GrowthWatch {
 public:
  explicit GrowthWatch(WatchLimits limits) : limits_(limits) {}

  // The process's memory limit is taken from the sample.
  const WatchState& Add(const MemorySample& sample);
  const WatchState& state() const { return state_; }
  // No more samples: what would go on is inconclusive.
  GrowthOutcome Finish() const;
  // The process is another one now; growth is judged anew.
  void Restart();

 private:
  struct Series {
    std::optional<SequentialVerdict> verdict;
    std::optional<GrowthSample> pending;  // the lowest of the last second
  };
  void AddTo(Series* series, double at, double bytes, double relevant_per_second);
  void Conclude(const MemorySample& sample);

  WatchLimits limits_;
  Series heap_, external_, native_, resident_;
  double began_at_ = 0;
  WatchState state_;
};

}  // namespace leaktrail
