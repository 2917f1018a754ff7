// How much load the next round gets.
//
// A round should last long enough to be worth its two collections and short enough that forty of
// them fit; a service that leaks fast must not be filled up by one. Sizes vary around their mean by
// half: rounds of one size would beat with a buffer that is flushed every so many requests, and
// show its phase as a trend.
//
// Threads: a value. No clock, no randomness.
#pragma once

#include <cstdint>

namespace leaktrail {

struct RoundSizeOptions {
  uint64_t at_most = 0;       // the user's -n; 0: none
  double seconds = 0.8;       // of load in a round
  double growth_bytes = 6e6;  // heap and external memory together, in a round
  uint64_t first = 100;       // of the ramp
  double ramp = 3;            // each ramp step over the one before
};

class RoundSize {
 public:
  explicit RoundSize(const RoundSizeOptions& options) : options_(options) {}

  // Of the next round.
  uint64_t Next();
  // What the round came to. Negative growth counts as none.
  void Learn(uint64_t requests, double seconds, double grown_bytes);
  // The ramp has come to a size that is limited by time, growth or the user.
  bool ramped_up() const { return ramped_up_; }

 private:
  double Limit() const;

  RoundSizeOptions options_;
  bool ramped_up_ = false;
  double mean_ = 0;  // of requests
  double seconds_per_request_ = 0;
  double bytes_per_request_ = 0;  // the least seen lately: warm-up is no leak
  uint64_t rounds_ = 0;
};

}  // namespace leaktrail
