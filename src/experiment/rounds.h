// The experiment: rounds of load on a service, the memory after each, and when it is enough.
//
//   ramp ─▶ warm-up ─▶ round ─▶ round ─▶ …            round = load ─▶ settle ─▶ collect ─▶ read
//           until growth       each feeds the         ends: the verdict is safe and the load was
//           long no longer falls    verdicts               enough, or the time, or the room to
//           grow, is up
//
// Two verdicts run side by side, each with half of the false-alarm bound: V8's heap, and the memory
// outside it that JavaScript objects hold. Resident memory has a third one, which only informs: the
// allocator keeps and returns pages as it likes.
//
// Cost: mostly the load's; see memory_probe.h for what a round costs the service.
// Threads: one at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/progress.h"
#include "base/result.h"
#include "experiment/load.h"
#include "experiment/memory_probe.h"
#include "experiment/round_size.h"
#include "experiment/verdict.h"

namespace leaktrail {

struct RoundsOptions {
  uint64_t requests_per_round = 0;  // at most; 0: what fits
  uint32_t connections = 10;
  double round_seconds = 0.8;  // of load in a round, if nothing else limits it
  uint32_t max_rounds = 80;
  uint32_t min_rounds = 0;  // not over before, unless time or room is up
  uint32_t max_warm_up = 6;
  std::chrono::milliseconds max_settle{1500};
  std::chrono::milliseconds time_limit{65'000};
  // A leak is believed after so much load, since a cache may fill as evenly …
  double min_units = 60'000;
  std::chrono::milliseconds min_time{15'000};
  // … or after so much time, if the service is slow …
  std::chrono::milliseconds enough_time{35'000};
  // … or after so much growth, since the service has to live.
  double max_heap_growth = 96e6;
  double max_external_growth = 256e6;
  // … and so has the machine: resident memory grows with threads and native memory too, of which
  // the heap's figures say little or nothing. The rounds end here, settled or not. 0: no limit.
  double max_resident_growth = 0;
  double false_alarm_bound = 0.01;
  // Growth below this, per unit, is nobody's leak.
  double relevant_per_unit = 16;
  // One "request" of the driver is so many units.
  double units_each = 1;
  const CancelToken* cancel = nullptr;
};

struct Round {
  uint64_t requests = 0;  // in this round, answered
  double units = 0;       // answered since the service was started
  double load_seconds = 0;
  MemoryReading memory;
};

// Why it ended.
enum class RoundsEnd : uint8_t { kSettled, kTimeUp, kRoundsUp, kGrownEnough };

struct RoundsState {
  std::vector<Round> warm_up, rounds;
  GrowthVerdict heap, external, resident;
  GrowthOutcome outcome = GrowthOutcome::kGoOn;  // of heap and external together
  RoundsEnd end = RoundsEnd::kTimeUp;
  LoadErrors errors;
  uint64_t answered = 0;
  double load_seconds = 0;
  double grown_bytes() const;  // heap and external since the warm-up
  double units() const;        // since the warm-up
  // 0…1: how near to the least load for a leak.
  double done_part = 0;
};

// One reading after load; a test may give another.
struct RoundDriver {
  // Puts `requests` on the service.
  std::function<Result<LoadResult>(uint64_t requests)> load;
  // Settles, collects, reads.
  std::function<Result<MemoryReading>()> measure;
  // After each round that counts; may take snapshots. Time spent here is not counted.
  std::function<Result<void>(const RoundsState&)> after_round;
  std::function<void(const RoundsState&, bool warming_up)> on_progress;
};

// The experiment one round at a time, so that several can take turns. The time limit and
// `enough_time` count the time inside Step; `min_time` counts all time since the first step, since
// what lives for seconds ends while others have their turn. A driver's after_round is in neither.
class RoundsRun {
 public:
  RoundsRun(RoundDriver driver, const RoundsOptions& options);
  ~RoundsRun();
  RoundsRun(RoundsRun&&) noexcept;
  RoundsRun& operator=(RoundsRun&&) noexcept;

  // One more round, of warm-up at first; false if it was the last. Not for use after that, or after
  // an error.
  Result<bool> Step();
  const RoundsState& state() const;

 private:
  class Experiment;
  std::unique_ptr<Experiment> experiment_;
};

// Steps until it is over.
Result<RoundsState> RunRounds(const RoundDriver& driver, const RoundsOptions& options);

// "round 12, 40000 requests, +562 B per request so far"
std::string ProgressOf(const RoundsState& state, bool warming_up, std::string_view unit);

// The growth that counts is outside V8's heap: the heap itself does not leak, or leaks less.
bool GrowsOutsideHeap(const RoundsState& state);

}  // namespace leaktrail
