#include "experiment/round_size.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace leaktrail {
namespace {

TEST(RoundSize, RampsUpUntilARoundLastsLongEnough) {
  RoundSize size({.seconds = 0.5});
  uint64_t n = 0;
  for (int i = 0; i < 20 && !size.ramped_up(); ++i) {
    n = size.Next();
    size.Learn(n, static_cast<double>(n) / 10'000, 0);
  }
  EXPECT_TRUE(size.ramped_up());
  EXPECT_LE(n, 5000u);
}

TEST(RoundSize, AServiceThatLeaksFastIsNotFilledByOneRound) {
  RoundSize size({.seconds = 10, .growth_bytes = 1e6});
  for (int i = 0; i < 30; ++i) {
    const uint64_t n = size.Next();
    EXPECT_LE(static_cast<double>(n) * 10'000, 1.6e6);
    size.Learn(n, 1e-4 * static_cast<double>(n), 10'000 * static_cast<double>(n));
  }
}

TEST(RoundSize, TheUsersNumberIsTheMean) {
  RoundSize size({.at_most = 1000, .seconds = 100});
  double sum = 0;
  int rounds = 0;
  for (int i = 0; i < 200; ++i) {
    const bool counts = size.ramped_up();
    const uint64_t n = size.Next();
    size.Learn(n, 1e-5 * static_cast<double>(n), 0);
    if (!counts) continue;
    EXPECT_GE(n, 500u);
    EXPECT_LE(n, 1500u);
    sum += static_cast<double>(n);
    ++rounds;
  }
  EXPECT_NEAR(sum / rounds, 1000, 20);
}

}  // namespace
}  // namespace leaktrail
