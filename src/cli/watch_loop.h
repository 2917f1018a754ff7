// The loop behind `leaktrail watch`: attach, sample, judge, tell; and again when the service
// restarts.
//
// Threads: one; the token may be set from anywhere.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/progress.h"
#include "base/result.h"
#include "capture/attach.h"
#include "capture/processes.h"
#include "capture/samples.h"
#include "experiment/watch.h"
#include "report/watch_report.h"
#include "store/history.h"

namespace leaktrail {

struct WatchUntil {
  bool verdict = false;
  std::optional<double> seconds;
  std::optional<uint64_t> resident_bytes;
};

struct WatchSnapshots {
  std::optional<double> every_seconds;
  std::optional<uint64_t> every_growth_bytes;  // of the resident memory
  std::string folder;
  uint64_t cap_bytes = 0;  // the oldest go first
};

struct WatchOptions {
  std::string target;
  double interval_seconds = 1;
  WatchUntil until;
  std::optional<WatchSnapshots> snapshots;
  const CancelToken* cancel = nullptr;
};

// Where the samples go. A false ends the watching.
struct WatchSinks {
  std::function<bool(const WatchSubject&)> begin;
  std::function<bool(const WatchSubject&, const WatchRow&)> row;
  std::function<bool(const WatchEvent&)> event;
};

struct WatchEnd {
  WatchRow last;  // with the final verdict
  GrowthOutcome outcome = GrowthOutcome::kInconclusive;
  uint64_t sample_count = 0;
  std::string trouble;  // what leaving the process could not put right; "" if all is as it was
};

// Until the aim is reached, the user interrupts, the sinks have enough, or the process is gone for
// good.
Result<WatchEnd> WatchTarget(const WatchOptions& options, const WatchSinks& sinks);

}  // namespace leaktrail
