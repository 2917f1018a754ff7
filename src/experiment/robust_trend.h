// Slope and trend of a series without assumptions about its noise: Theil–Sen and Mann–Kendall.
//
// The sources stand in verdict.h. Ties count as neither up nor down, which only widens intervals.
//
// Cost: O(n²) time and memory. Threads: pure.
#pragma once

#include <cstdint>
#include <span>

namespace leaktrail {

struct GrowthSample;

struct RobustTrend {
  double slope = 0;  // median of the pairwise slopes
  double low = 0;    // at `z` standard deviations of Kendall's statistic
  double high = 0;
  bool bounded = false;       // false: at this z the limits are beyond any two samples' slope
  double z = 0;               // Mann–Kendall, > 0 for growth, corrected for serial dependence
  double residual_range = 0;  // of bytes around the line, less 5 % of the samples at each end
  double range = 0;           // of bytes, likewise
  double inflation = 1;       // by which serial dependence raised the variance
  double sure_high = 0;       // upper limit at `sure_z`; infinite where no limit holds at it
};

// Of at least three samples whose units rise. `z` ≥ 0 says how wide the interval is, `sure_z` how
// far off `sure_high` lies.
RobustTrend ComputeTrend(std::span<const GrowthSample> samples, double z, double sure_z = 0);

// Standard normal: P(Z > z), and z with P(Z > z) = p for 0 < p < 1.
double NormalTail(double z);
double NormalQuantile(double upper_tail);

}  // namespace leaktrail
