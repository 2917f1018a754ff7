// Does one series grow faster than another? The difference of two slopes, with an interval.
//
// Each slope is Theil–Sen's with Sen's interval, widened for serial dependence (verdict.h), so
// steps and outliers do no harm and the two series may be as noisy as they like, each in its own
// way. The intervals are not symmetric and rest on ranks, so they are joined by MOVER (Zou and
// Donner, Statistics in Medicine 27, 2008: recover each side's variance from its own distance to
// the limit):
//
//   difference d = a - b     low  = d - √((a - a.low)² + (b.high - b)²)
//                            high = d + √((a.high - a)² + (b - b.low)²)
//
// Several comparisons with one baseline: the caller divides the level by their number (Bonferroni),
// so that all intervals hold together and what is shown is what is decided on.
//
// Each series ends when its own verdict is safe, which looks at the data. bench/verdict simulates what
// that does to the error: docs/verdict.md, last table.
//
// Cost: O(n²). Threads: pure.
#pragma once

#include <span>

#include "experiment/verdict.h"

namespace leaktrail {

struct SlopeDifference {
  double per_unit = 0;  // a less b
  double low = 0, high = 0;
  // False where there are too few samples for any interval at this level.
  bool bounded = false;
  bool above_zero() const { return bounded && low > 0; }
  bool below_zero() const { return bounded && high < 0; }
};

// `level`: the chance that a true difference of zero lies outside, both sides together.
SlopeDifference CompareSlopes(std::span<const GrowthSample> a, std::span<const GrowthSample> b,
                              double level);

}  // namespace leaktrail
