#include "experiment/slope_difference.h"

#include <cmath>

#include "experiment/robust_trend.h"

namespace leaktrail {
namespace {

constexpr size_t kLeastSamples = 3;

}  // namespace

SlopeDifference CompareSlopes(std::span<const GrowthSample> a, std::span<const GrowthSample> b,
                              double level) {
  SlopeDifference difference;
  if (a.size() < kLeastSamples || b.size() < kLeastSamples) return difference;
  const double z = NormalQuantile(level / 2);
  const RobustTrend of_a = ComputeTrend(a, z), of_b = ComputeTrend(b, z);
  difference.per_unit = of_a.slope - of_b.slope;
  difference.bounded = of_a.bounded && of_b.bounded;
  difference.low = difference.per_unit - std::hypot(of_a.slope - of_a.low, of_b.high - of_b.slope);
  difference.high = difference.per_unit + std::hypot(of_a.high - of_a.slope, of_b.slope - of_b.low);
  return difference;
}

}  // namespace leaktrail
