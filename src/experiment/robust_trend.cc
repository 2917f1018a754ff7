#include "experiment/robust_trend.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "experiment/verdict.h"

namespace leaktrail {
namespace {

// Ranks of what is left around a line; ties get their mean rank.
std::vector<double> RanksOf(const std::vector<double>& values) {
  const size_t n = values.size();
  std::vector<uint32_t> order(n);
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(),
            [&](uint32_t a, uint32_t b) { return values[a] < values[b]; });
  std::vector<double> ranks(n);
  for (size_t begin = 0; begin < n;) {
    size_t end = begin + 1;
    while (end < n && values[order[end]] == values[order[begin]]) ++end;
    const double rank = static_cast<double>(begin + end - 1) / 2;
    for (size_t i = begin; i < end; ++i) ranks[order[i]] = rank;
    begin = end;
  }
  return ranks;
}

// Hamed and Rao (1998), equation 18, over the lags whose correlation is more than chance. Negative
// correlations would narrow the interval and are left out.
double VarianceInflation(const std::vector<double>& residuals) {
  const size_t n = residuals.size();
  const std::vector<double> ranks = RanksOf(residuals);
  const double mean = (static_cast<double>(n) - 1) / 2;
  double variance = 0;
  for (const double r : ranks) variance += (r - mean) * (r - mean);
  if (variance <= 0) return 1;
  const double count = static_cast<double>(n);
  const double chance = 1.0 / std::sqrt(count);
  double sum = 0;
  for (size_t lag = 1; lag <= n / 2; ++lag) {
    double covariance = 0;
    for (size_t i = 0; i + lag < n; ++i) {
      covariance += (ranks[i] - mean) * (ranks[i + lag] - mean);
    }
    const double correlation = covariance / variance;
    if (correlation <= chance) continue;
    const double k = static_cast<double>(lag);
    sum += (count - k) * (count - k - 1) * (count - k - 2) * correlation;
  }
  return 1 + 2 * sum / (count * (count - 1) * (count - 2));
}

double TrimmedRange(std::vector<double> values) {
  const size_t n = values.size();
  const size_t cut = n / 20;
  std::sort(values.begin(), values.end());
  return values[n - 1 - cut] - values[cut];
}

}  // namespace

RobustTrend ComputeTrend(std::span<const GrowthSample> samples, double z, double sure_z) {
  const size_t n = samples.size();
  std::vector<double> slopes;
  slopes.reserve(n * (n - 1) / 2);
  int64_t score = 0;
  for (size_t j = 1; j < n; ++j) {
    for (size_t i = 0; i < j; ++i) {
      const double run = samples[j].units - samples[i].units;
      const double rise = samples[j].bytes - samples[i].bytes;
      score += (rise > 0) - (rise < 0);
      if (run > 0) slopes.push_back(rise / run);
    }
  }
  RobustTrend trend;
  if (slopes.empty()) return trend;
  std::sort(slopes.begin(), slopes.end());
  const size_t pairs = slopes.size();
  trend.slope =
      pairs % 2 == 1 ? slopes[pairs / 2] : (slopes[pairs / 2 - 1] + slopes[pairs / 2]) / 2;

  std::vector<double> residuals(n), bytes(n);
  for (size_t i = 0; i < n; ++i) {
    residuals[i] = samples[i].bytes - trend.slope * (samples[i].units - samples[0].units);
  }
  for (size_t i = 0; i < n; ++i) bytes[i] = samples[i].bytes;
  trend.range = TrimmedRange(std::move(bytes));
  trend.residual_range = TrimmedRange(residuals);
  trend.inflation = n >= 8 ? VarianceInflation(residuals) : 1;
  const double count = static_cast<double>(n);
  const double deviation = std::sqrt(count * (count - 1) * (2 * count + 5) / 18 * trend.inflation);
  trend.z = score == 0 ? 0 : static_cast<double>(score - (score > 0 ? 1 : -1)) / deviation;

  const double half = z * deviation / 2;
  const double middle = static_cast<double>(pairs) / 2;
  const double last = static_cast<double>(pairs) - 1;
  trend.bounded = middle - half >= 0 && middle + half <= last;
  trend.low = slopes[static_cast<size_t>(std::clamp(std::floor(middle - half), 0.0, last))];
  trend.high = slopes[static_cast<size_t>(std::clamp(std::ceil(middle + half), 0.0, last))];
  const double sure = std::ceil(middle + sure_z * deviation / 2);
  trend.sure_high =
      sure <= last ? slopes[static_cast<size_t>(sure)] : std::numeric_limits<double>::infinity();
  return trend;
}

double NormalTail(double z) { return std::erfc(z / std::sqrt(2.0)) / 2; }

// By bisection: exact enough, and called once a look.
double NormalQuantile(double upper_tail) {
  double low = -40, high = 40;
  for (int i = 0; i < 80; ++i) {
    const double middle = (low + high) / 2;
    (NormalTail(middle) > upper_tail ? low : high) = middle;
  }
  return (low + high) / 2;
}

}  // namespace leaktrail
