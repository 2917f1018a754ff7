#include "arms.h"

#include <cstdlib>

#include "analysis/tested_causes.h"
#include "experiment/conclusions.h"
#include "experiment/rounds.h"
#include "experiment/rounds_facts.h"
#include "experiment/verify.h"

namespace leaktrail {
namespace {

constexpr double kSecondsPerRequest = 80e-6;  // 10,000 in a round
constexpr double kRoundUnits = 10'000;
constexpr double kExternalBytes = 2e6;

ExperimentFacts RunArm(const LeakUnderChurn& leak, bool is_baseline, TraceRandom* random) {
  SimulatedHeap heap(leak, kRoundUnits, random);
  SimulatedHeap external(LeakUnderChurn{0, 0}, kRoundUnits, random);
  double units = 0;
  RoundDriver driver;
  driver.load = [&](uint64_t requests) -> Result<LoadResult> {
    units += static_cast<double>(requests);
    LoadResult result;
    result.completed = requests;
    result.seconds = static_cast<double>(requests) * kSecondsPerRequest;
    return result;
  };
  driver.measure = [&]() -> Result<MemoryReading> {
    MemoryReading reading;
    reading.heap_used = heap.BytesAfter(units);
    reading.external = kExternalBytes + external.BytesAfter(units) / 100;
    return reading;
  };
  RoundsOptions options;
  // Nothing here takes time: rounds and load alone decide when it is over.
  options.min_time = std::chrono::milliseconds(0);
  options.time_limit = options.enough_time = std::chrono::hours(1);
  options.max_rounds = 40;
  options.min_rounds = kLeastRounds;
  if (!is_baseline) options.min_units *= kLoadOfOthers;
  Result<RoundsState> state = RunRounds(driver, options);
  if (!state) std::abort();  // nothing in this driver fails
  return FactsOf(*state);
}

}  // namespace

ArmTally SimulateArms(const ArmPair& pair, uint32_t times, uint32_t comparisons, uint64_t seed) {
  ArmTally tally;
  TraceRandom random(seed);
  const double truth = pair.baseline.slope - pair.changed.slope;
  for (uint32_t t = 0; t < times; ++t) {
    TestedCauses causes;
    causes.false_alarm_bound /= comparisons;
    causes.arms.resize(2);
    causes.arms[0].facts = RunArm(pair.baseline, true, &random);
    causes.arms[1].facts = RunArm(pair.changed, false, &random);
    causes.arms[1].cause = "change";
    Conclude(&causes);
    const TestedArm& arm = causes.arms[1];
    tally.confirmed += arm.verdict == CauseVerdict::kCause;
    tally.part += arm.verdict == CauseVerdict::kPart;
    tally.not_cause += arm.verdict == CauseVerdict::kNotTheCause;
    tally.brings_in += arm.verdict == CauseVerdict::kBringsIn;
    tally.inconclusive += arm.verdict == CauseVerdict::kInconclusive;
    tally.unbounded += !arm.difference;
    tally.outside +=
        arm.difference && (truth < arm.difference->low || truth > arm.difference->high);
    for (const TestedArm& a : causes.arms) {
      tally.rounds += static_cast<double>(a.facts.samples.size());
    }
  }
  return tally;
}

}  // namespace leaktrail
