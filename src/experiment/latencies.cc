#include "experiment/latencies.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace leaktrail {
namespace {

constexpr int kFineBits = 9;  // 512 buckets for a doubling
constexpr int kMaxBits = 42;  // 50 days
constexpr uint64_t kExact = uint64_t{2} << kFineBits;
constexpr size_t kBuckets = (static_cast<size_t>(kMaxBits - kFineBits) + 1) << kFineBits;

size_t BucketOf(uint64_t us) {
  if (us < kExact) return static_cast<size_t>(us);
  const int shift = std::bit_width(us) - 1 - kFineBits;
  return (static_cast<size_t>(shift) << kFineBits) + static_cast<size_t>(us >> shift);
}

uint64_t LastOf(size_t bucket) {
  if (bucket < kExact) return bucket;
  const size_t shift = (bucket >> kFineBits) - 1;
  const uint64_t first = static_cast<uint64_t>(bucket) - (shift << kFineBits);
  return ((first + 1) << shift) - 1;
}

}  // namespace

Latencies::Latencies() : buckets_(kBuckets) {}

void Latencies::Record(uint64_t us) {
  us = std::min(us, (uint64_t{1} << kMaxBits) - 1);
  ++buckets_[BucketOf(us)];
  ++count_;
  least_ = std::min(least_, us);
  greatest_ = std::max(greatest_, us);
  const double value = static_cast<double>(us);
  sum_ += value;
  const double off = value - mean_;
  mean_ += off / static_cast<double>(count_);
  squares_ += off * (value - mean_);
}

void Latencies::Add(const Latencies& other) {
  if (other.count_ == 0) return;
  for (size_t i = 0; i < buckets_.size(); ++i) buckets_[i] += other.buckets_[i];
  const double a = static_cast<double>(count_), b = static_cast<double>(other.count_);
  const double off = other.mean_ - mean_;
  mean_ += off * b / (a + b);
  squares_ += other.squares_ + off * off * a * b / (a + b);
  count_ += other.count_;
  sum_ += other.sum_;
  least_ = std::min(least_, other.least_);
  greatest_ = std::max(greatest_, other.greatest_);
}

uint64_t Latencies::At(double part) const {
  if (count_ == 0) return 0;
  const double rank = std::ceil(std::clamp(part, 0.0, 1.0) * static_cast<double>(count_));
  const uint64_t wanted = std::max<uint64_t>(1, static_cast<uint64_t>(rank));
  uint64_t seen = 0;
  for (size_t i = 0; i < buckets_.size(); ++i) {
    seen += buckets_[i];
    if (seen >= wanted) return std::min(LastOf(i), greatest_);
  }
  return greatest_;
}

double Latencies::deviation_us() const {
  return count_ > 1 ? std::sqrt(squares_ / static_cast<double>(count_ - 1)) : 0;
}

}  // namespace leaktrail
