// How long things took, in bounded memory: counts in buckets that grow with the value.
//
//   0 … 1023 µs   exact
//   above         512 buckets for each doubling: at most 0.2 % too high, never too low
//
// The layout is that of Gil Tene's HdrHistogram. Least, greatest, mean and deviation are exact.
//
// Cost: Record O(1); 140 kB whatever the count. Threads: a value.
#pragma once

#include <cstdint>
#include <vector>

namespace leaktrail {

class Latencies {
 public:
  Latencies();
  void Record(uint64_t us);
  void Add(const Latencies& other);

  uint64_t count() const { return count_; }
  // The smallest value that `part` (0…1) of all values do not exceed, by nearest rank; 0 if there
  // is none.
  uint64_t At(double part) const;
  uint64_t least_us() const { return count_ > 0 ? least_ : 0; }
  uint64_t greatest_us() const { return greatest_; }
  double mean_us() const { return count_ > 0 ? sum_ / static_cast<double>(count_) : 0; }
  double deviation_us() const;  // of the sample

 private:
  std::vector<uint64_t> buckets_;
  uint64_t count_ = 0, least_ = UINT64_MAX, greatest_ = 0;
  double sum_ = 0;
  double mean_ = 0, squares_ = 0;  // Welford's, which does not lose small deviations
};

}  // namespace leaktrail
