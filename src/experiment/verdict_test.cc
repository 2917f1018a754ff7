#include "experiment/verdict.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace leaktrail {
namespace {

constexpr double kRound = 10'000;

// Noise of 20 kB from a fixed seed.
class Heap {
 public:
  double Noise() { return std::normal_distribution<double>(0, 20'000)(random_); }
  double Jitter() { return std::uniform_real_distribution<double>(0.5, 1.5)(random_); }

 private:
  std::mt19937_64 random_{7};
};

template <typename Bytes>
GrowthVerdict Judge(uint32_t rounds, const Bytes& bytes, double min_units = 0) {
  Heap heap;
  GrowthOptions options;
  options.min_units = min_units;
  SequentialVerdict verdict(options);
  double units = 0;
  for (uint32_t i = 0; i < rounds; ++i) {
    units += kRound * heap.Jitter();
    const GrowthVerdict& now = verdict.Add({units, 2e7 + bytes(units) + heap.Noise()});
    if (now.outcome != GrowthOutcome::kGoOn) break;
  }
  return verdict.Finish();
}

TEST(Verdict, AFlatHeapIsNoLeakAfterFewRounds) {
  const GrowthVerdict v = Judge(40, [](double) { return 0.0; });
  EXPECT_EQ(v.outcome, GrowthOutcome::kNoLeak);
  EXPECT_EQ(v.course, GrowthCourse::kFlat);
  EXPECT_LE(v.sample_count, 12u);
}

TEST(Verdict, SteadyGrowthIsALeakWithItsSlopeInTheInterval) {
  const GrowthVerdict v = Judge(40, [](double u) { return 560 * u; });
  EXPECT_EQ(v.outcome, GrowthOutcome::kLeak);
  EXPECT_NEAR(v.growth.per_unit, 560, 10);
  EXPECT_LE(v.growth.low, 560);
  EXPECT_GE(v.growth.high, 560);
}

// As find saw axios 0.21.4 on Node 24: 7.4 kB a request, and one table that shrank on the way.
TEST(Verdict, ASmallStepInASteepLineHidesNothing) {
  GrowthOptions options;
  options.false_alarm_bound = 0.005;
  options.planned_samples = 80;
  SequentialVerdict verdict(options);
  Heap heap;
  double units = 0;
  for (int i = 0; i < 31; ++i) {
    units += 450 * heap.Jitter();
    const double step = i < 14 ? 0 : -1e6;
    verdict.Add({units, 2e7 + 7400 * units + step + heap.Noise()});
  }
  EXPECT_EQ(verdict.current().outcome, GrowthOutcome::kLeak) << verdict.current().reason;
}

TEST(Verdict, NothingIsSaidOfFewerThanEightSamples) {
  SequentialVerdict verdict;
  for (uint32_t i = 1; i < SequentialVerdict::kMinSamples; ++i) {
    EXPECT_EQ(verdict.Add({i * kRound, i * 1e6}).outcome, GrowthOutcome::kGoOn);
  }
  EXPECT_EQ(verdict.Finish().outcome, GrowthOutcome::kInconclusive);
}

TEST(Verdict, ALeakIsNotSaidBeforeTheLeastLoad) {
  const GrowthVerdict v = Judge(
      40, [](double u) { return 560 * u; }, 200'000);
  EXPECT_EQ(v.outcome, GrowthOutcome::kLeak);
  EXPECT_GE(v.sample_count, 15u);
}

TEST(Verdict, ACacheThatFillsAndThenIsFullIsNoLeak) {
  const GrowthVerdict v = Judge(
      40, [](double u) { return std::min(u, 120'000.0) * 300; }, 250'000);
  EXPECT_EQ(v.outcome, GrowthOutcome::kNoLeak);
  EXPECT_EQ(v.course, GrowthCourse::kStopped);
}

TEST(Verdict, AWarmUpThatDecaysIsNeverALeak) {
  const GrowthVerdict v = Judge(
      40, [](double u) { return 2e7 * (1 - std::exp(-u / 80'000)); }, 250'000);
  EXPECT_NE(v.outcome, GrowthOutcome::kLeak);
}

TEST(Verdict, OneStepIsNoLeakWhereverItIs) {
  for (const double at : {30'000.0, 100'000.0, 200'000.0, 300'000.0}) {
    const GrowthVerdict v = Judge(40, [&](double u) { return u > at ? 5e6 : 0; });
    EXPECT_NE(v.outcome, GrowthOutcome::kLeak) << at;
  }
}

TEST(Verdict, ASawIsNoLeakHoweverLongItsTeeth) {
  for (const double period : {7'000.0, 15'000.0, 60'000.0, 130'000.0}) {
    const GrowthVerdict v = Judge(
        60, [&](double u) { return 6e6 * (u / period - std::floor(u / period)); }, 150'000);
    EXPECT_NE(v.outcome, GrowthOutcome::kLeak) << period;
  }
}

// Looked at just when the first tooth has ended: one sample of all is low, and it is the last.
TEST(Verdict, ASawIsNoLeakWhenItsFirstToothEnds) {
  GrowthOptions options;
  SequentialVerdict verdict(options);
  Heap heap;
  double units = 0;
  for (int i = 0; i < 24; ++i) {
    units += kRound * heap.Jitter();
    verdict.Add({units, 5e6 + 320 * units + heap.Noise()});
  }
  EXPECT_EQ(verdict.current().outcome, GrowthOutcome::kLeak);
  verdict.Add({units + kRound, 5e6 + heap.Noise()});
  EXPECT_EQ(verdict.current().outcome, GrowthOutcome::kGoOn);
  // A wild sample that a leak goes on after is one still.
  verdict.Add({units + 2 * kRound, 5e6 + 320 * (units + 2 * kRound) + heap.Noise()});
  EXPECT_EQ(verdict.current().outcome, GrowthOutcome::kLeak);
}

TEST(Verdict, ASlowLeakBelowASawIsFound) {
  const GrowthVerdict v = Judge(
      60, [](double u) { return 24 * u + 5e6 * (u / 15'000 - std::floor(u / 15'000)); }, 150'000);
  EXPECT_EQ(v.outcome, GrowthOutcome::kLeak);
}

TEST(Verdict, ASlowLeakBelowASawIsNeverTakenForFlat) {
  for (const double period : {3'000.0, 7'000.0, 11'000.0, 15'000.0, 22'000.0, 29'000.0}) {
    for (const double phase : {0.0, 0.2, 0.4, 0.6, 0.8}) {
      for (const double churn : {2e6, 5e6, 8e6}) {
        const GrowthVerdict v = Judge(
            40,
            [&](double u) {
              const double turns = u / period + phase;
              return 24 * u + churn * (turns - std::floor(turns));
            },
            300'000);
        EXPECT_NE(v.outcome, GrowthOutcome::kNoLeak) << period << ' ' << phase << ' ' << churn;
        EXPECT_TRUE(v.outcome == GrowthOutcome::kLeak || v.units_to_settle)
            << period << ' ' << phase << ' ' << churn;
      }
    }
  }
}

TEST(Verdict, InconclusiveSaysHowMuchMoreWouldSettleIt) {
  const GrowthVerdict v =
      Judge(12, [](double u) { return 24 * u + 5e6 * (u / 15'000 - std::floor(u / 15'000)); });
  EXPECT_EQ(v.outcome, GrowthOutcome::kInconclusive);
  ASSERT_TRUE(v.units_to_settle);
  EXPECT_GT(*v.units_to_settle, 10'000);
}

TEST(Verdict, OneWildSampleChangesNothing) {
  uint32_t i = 0;
  const GrowthVerdict v = Judge(40, [&](double u) { return 560 * u + (++i == 5 ? 8e7 : 0); });
  EXPECT_EQ(v.outcome, GrowthOutcome::kLeak);
  EXPECT_NEAR(v.growth.per_unit, 560, 30);
}

TEST(Verdict, ScalingUnitsScalesTheSlopeOnly) {
  SequentialVerdict a, b({.relevant_per_unit = 16'000});
  Heap heap;
  for (uint32_t i = 1; i <= 20; ++i) {
    const double bytes = 300 * i * kRound + heap.Noise();
    a.Add({i * kRound, bytes});
    b.Add({i * kRound / 1000, bytes});
  }
  EXPECT_EQ(a.current().outcome, b.current().outcome);
  EXPECT_NEAR(a.current().growth.per_unit * 1000, b.current().growth.per_unit, 1e-3);
}

TEST(Verdict, AddingAConstantChangesNothing) {
  SequentialVerdict a, b;
  Heap heap;
  for (uint32_t i = 1; i <= 20; ++i) {
    const double bytes = 40 * i * kRound + heap.Noise();
    a.Add({i * kRound, bytes});
    b.Add({i * kRound, bytes + 5e8});
  }
  EXPECT_EQ(a.current().outcome, b.current().outcome);
  EXPECT_NEAR(a.current().growth.low, b.current().growth.low, 1e-6);
}

TEST(Verdict, ALongWatchIsThinnedAndKeepsItsAnswer) {
  SequentialVerdict verdict;
  Heap heap;
  for (uint32_t i = 1; i <= 1000; ++i) {
    verdict.Add({i * kRound, 100 * i * kRound + heap.Noise()});
    ASSERT_LE(verdict.samples().size(), SequentialVerdict::kMaxSamples);
  }
  EXPECT_EQ(verdict.current().outcome, GrowthOutcome::kLeak);
  EXPECT_NEAR(verdict.current().growth.per_unit, 100, 1);
}

}  // namespace
}  // namespace leaktrail
