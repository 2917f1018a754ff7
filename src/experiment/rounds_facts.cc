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
    facts.samples.push_back({r.units, r.memory.heap_used, r.memory.external, r.memory.array_buffers,
                             r.memory.resident});
  }
  facts.heap = FactsOf(rounds.heap);
  facts.external = FactsOf(rounds.external);
  facts.resident = FactsOf(rounds.resident);
  facts.smallest_visible_per_unit = rounds.heap.smallest_visible_per_unit;
  facts.units_to_settle = rounds.heap.units_to_settle;
  return facts;
}

}  // namespace leaktrail
