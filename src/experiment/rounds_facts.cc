#include "experiment/rounds_facts.h"

namespace leaktrail {
namespace {

SlopeFacts FactsOf(const GrowthVerdict& v) {
  return {v.growth.per_unit, v.growth.low, v.growth.high, OutcomeText(v.outcome), v.reason};
}

}  // namespace

std::string OutcomeText(GrowthOutcome outcome) {
  return OutcomeName(outcome == GrowthOutcome::kGoOn ? GrowthOutcome::kInconclusive : outcome);
}

ExperimentFacts FactsOf(const RoundsState& rounds) {
  ExperimentFacts facts;
  facts.answered = rounds.answered;
  facts.failed = rounds.errors.all();
  facts.load_seconds = rounds.load_seconds;
  facts.warm_up_rounds = static_cast<uint32_t>(rounds.warm_up.size());
  for (const Round& r : rounds.rounds) {
    const MemoryReading& m = r.memory;
    RoundSample sample{r.units, m.heap_used, m.external, m.array_buffers, m.resident, {}};
    if (m.split) {
      sample.parts =
          SplitResident(static_cast<double>(m.split->resident_bytes),
                        static_cast<double>(m.split->anonymous_bytes), m.heap_total, m.external);
    }
    facts.samples.push_back(sample);
  }
  facts.heap = FactsOf(rounds.heap);
  facts.external = FactsOf(rounds.external);
  facts.resident = FactsOf(rounds.resident);
  facts.smallest_visible_per_unit = rounds.heap.smallest_visible_per_unit;
  facts.units_to_settle = rounds.heap.units_to_settle;
  return facts;
}

}  // namespace leaktrail
