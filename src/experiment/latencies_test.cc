#include "experiment/latencies.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace leaktrail {
namespace {

TEST(Latencies, NothingIsZero) {
  const Latencies none;
  EXPECT_EQ(none.At(0.5), 0u);
  EXPECT_EQ(none.least_us(), 0u);
  EXPECT_EQ(none.mean_us(), 0);
  EXPECT_EQ(none.deviation_us(), 0);
}

TEST(Latencies, SmallOnesAreExactByNearestRank) {
  Latencies l;
  for (uint64_t us = 1; us <= 100; ++us) l.Record(us);
  EXPECT_EQ(l.At(0), 1u);
  EXPECT_EQ(l.At(0.5), 50u);
  EXPECT_EQ(l.At(0.99), 99u);
  EXPECT_EQ(l.At(0.991), 100u);
  EXPECT_EQ(l.At(1), 100u);
  EXPECT_DOUBLE_EQ(l.mean_us(), 50.5);
  EXPECT_NEAR(l.deviation_us(), std::sqrt(100.0 * 101 / 12), 1e-9);
}

TEST(Latencies, EveryPercentileIsWithinItsBoundOfTheSortedList) {
  std::mt19937_64 random(7);
  std::lognormal_distribution<double> spread(9, 3);
  Latencies l;
  std::vector<uint64_t> sorted;
  for (int i = 0; i < 20'000; ++i) {
    sorted.push_back(static_cast<uint64_t>(spread(random)));
    l.Record(sorted.back());
  }
  std::sort(sorted.begin(), sorted.end());
  for (int i = 1; i <= 1000; ++i) {
    const auto rank = static_cast<size_t>(std::ceil(i / 1000.0 * 20'000));
    const uint64_t exact = sorted[rank - 1], got = l.At(i / 1000.0);
    EXPECT_GE(got, exact);
    EXPECT_LE(static_cast<double>(got), static_cast<double>(exact) * 1.002) << i;
  }
  EXPECT_EQ(l.At(1), sorted.back());
}

TEST(Latencies, TwoPartsTogetherAreTheWhole) {
  Latencies all, one, two;
  for (uint64_t i = 0; i < 5000; ++i) {
    const uint64_t us = i * i % 77'777;
    all.Record(us);
    (i % 3 == 0 ? one : two).Record(us);
  }
  one.Add(two);
  EXPECT_EQ(one.count(), all.count());
  EXPECT_EQ(one.least_us(), all.least_us());
  EXPECT_EQ(one.At(0.9), all.At(0.9));
  EXPECT_NEAR(one.deviation_us(), all.deviation_us(), 1e-6);
}

TEST(Latencies, WhatIsTooLongForTheTableStaysInIt) {
  Latencies l;
  l.Record(UINT64_MAX);
  EXPECT_EQ(l.At(1), (uint64_t{1} << 42) - 1);
}

}  // namespace
}  // namespace leaktrail
