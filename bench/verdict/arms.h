// Pairs of arms as verify runs them, without processes: what it would say of them, and how often.
//
// Each arm goes through RoundsRun (ramp, warm-up, round sizes, its own stopping) on a simulated
// heap, and Conclude compares the two.
//
// Threads: pure.
#pragma once

#include <cstdint>
#include <string>

#include "traces.h"

namespace leaktrail {

struct ArmPair {
  const char* name;
  LeakUnderChurn baseline, changed;
};

struct ArmTally {
  uint32_t confirmed = 0, part = 0, not_cause = 0, brings_in = 0, inconclusive = 0;
  uint32_t outside = 0;    // the true difference is not in the interval
  uint32_t unbounded = 0;  // there is no interval
  double rounds = 0;       // of both arms, summed
};

// `comparisons` share the bound, as the hypotheses of one plan do.
ArmTally SimulateArms(const ArmPair& pair, uint32_t times, uint32_t comparisons, uint64_t seed);

}  // namespace leaktrail
