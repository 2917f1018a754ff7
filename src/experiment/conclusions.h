// From measured arms to proven causes.
//
// The memory that tells is the one in which the baseline leaks: V8's heap, or what lies outside it
// (where it does not leak, the one in which the arm does). Compared are slopes, baseline less arm,
// all at once at the false-alarm bound (slope_difference.h):
//
//   baseline   arm            difference   verdict
//   leaks      does not       > 0          cause
//   leaks      leaks          > 0, large   part           a quarter of the growth and more
//   leaks      leaks          else         not the cause
//   does not   leaks          < 0          brings it in
//   does not   does not                    not the cause
//   anything else                          inconclusive
//
// Cost: O(n²) for n rounds of an arm. Threads: pure.
#pragma once

#include "analysis/tested_causes.h"

namespace leaktrail {

// Fills in what TestedArm has below "concluded", the verdict of all and the headline. Arms with a
// failure are left out. The first arm is the baseline.
void Conclude(TestedCauses* causes);

}  // namespace leaktrail
