#include "experiment/round_size.h"

#include <algorithm>
#include <cmath>

namespace leaktrail {
namespace {

constexpr double kGolden = 0.6180339887498949;
constexpr double kLeastRequests = 10;
constexpr double kMostRequests = 1e6;

}  // namespace

double RoundSize::Limit() const {
  double limit = kMostRequests;
  if (options_.at_most > 0) limit = std::min(limit, static_cast<double>(options_.at_most));
  if (seconds_per_request_ > 0) limit = std::min(limit, options_.seconds / seconds_per_request_);
  if (bytes_per_request_ > 0) limit = std::min(limit, options_.growth_bytes / bytes_per_request_);
  return std::max(limit, kLeastRequests);
}

uint64_t RoundSize::Next() {
  if (!ramped_up_) {
    const double wanted = mean_ == 0 ? static_cast<double>(options_.first) : mean_ * options_.ramp;
    const double limit = Limit();
    ramped_up_ = wanted >= limit;
    mean_ = std::min(wanted, limit);
    return static_cast<uint64_t>(mean_);
  }
  mean_ = Limit();
  // Additive recurrence with the golden ratio: even over 0.5…1.5 for any number of rounds.
  const double turn = static_cast<double>(++rounds_) * kGolden;
  const double factor = 0.5 + (turn - std::floor(turn));
  return std::max<uint64_t>(static_cast<uint64_t>(mean_ * factor), 1);
}

void RoundSize::Learn(uint64_t requests, double seconds, double grown_bytes) {
  if (requests == 0) return;
  const auto count = static_cast<double>(requests);
  const double pace = seconds / count;
  seconds_per_request_ = seconds_per_request_ == 0 ? pace : (seconds_per_request_ + pace) / 2;
  const double growth = std::max(grown_bytes, 0.0) / count;
  bytes_per_request_ =
      bytes_per_request_ == 0 ? growth : std::min(growth, (bytes_per_request_ + growth) / 2);
}

}  // namespace leaktrail
