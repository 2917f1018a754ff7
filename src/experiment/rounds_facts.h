// What rounds of load came to, as plain values for the reports.
//
// Threads: functions of their input.
#pragma once

#include "analysis/experiment_facts.h"
#include "experiment/rounds.h"

namespace leaktrail {

// "leak", "no-leak" or "inconclusive"; what would go on is inconclusive.
std::string OutcomeText(GrowthOutcome outcome);

// All but who was measured and what made the growing objects.
ExperimentFacts FactsOf(const RoundsState& rounds);

}  // namespace leaktrail
