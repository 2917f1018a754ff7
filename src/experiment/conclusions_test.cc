#include "experiment/conclusions.h"

#include <gtest/gtest.h>

#include <random>

#include "experiment/slope_difference.h"

namespace leaktrail {
namespace {

TestedArm ArmThat(const std::string& cause, double bytes_per_unit, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> noise(0, 20'000);
  TestedArm arm;
  arm.cause = cause;
  for (int i = 1; i <= 20; ++i) {
    RoundSample sample;
    sample.units = 5000.0 * i;
    sample.heap = 2e7 + bytes_per_unit * sample.units + noise(random);
    arm.facts.samples.push_back(sample);
  }
  const bool leaks = bytes_per_unit > 16;
  arm.facts.heap = {bytes_per_unit, bytes_per_unit - 5, bytes_per_unit + 5,
                    leaks ? "leak" : "no-leak", ""};
  arm.facts.external = {0, 0, 0, "no-leak", ""};
  return arm;
}

TEST(Conclusions, OfALeakTellCausePartAndInnocence) {
  TestedCauses causes;
  causes.arms = {ArmThat("", 560, 1), ArmThat("gone", 0, 2), ArmThat("half", 280, 3),
                 ArmThat("same", 560, 4), ArmThat("broken", 0, 5)};
  causes.arms[4].failure = "it did not start";
  Conclude(&causes);
  EXPECT_EQ(causes.arms[1].verdict, CauseVerdict::kCause);
  EXPECT_EQ(causes.arms[2].verdict, CauseVerdict::kPart);
  EXPECT_EQ(causes.arms[3].verdict, CauseVerdict::kNotTheCause);
  EXPECT_EQ(causes.arms[4].verdict, CauseVerdict::kFailed);
  EXPECT_EQ(causes.verdict, Verdict::kLeak);
}

TEST(Conclusions, AChangeCanBringALeakIn) {
  TestedCauses causes;
  causes.arms = {ArmThat("", 0, 1), ArmThat("newer", 560, 2)};
  Conclude(&causes);
  EXPECT_EQ(causes.arms[1].verdict, CauseVerdict::kBringsIn);
}

TEST(SlopeDifference, EqualSlopesDifferNoMoreOftenThanTheLevel) {
  int alarms = 0;
  for (uint64_t i = 0; i < 1000; ++i) {
    const auto series = [&](uint64_t seed) {
      std::vector<GrowthSample> out;
      for (const RoundSample& s : ArmThat("", 100, seed).facts.samples)
        out.push_back({s.units, s.heap});
      return out;
    };
    const SlopeDifference d = CompareSlopes(series(2 * i), series(2 * i + 1), 0.01);
    alarms += d.above_zero() || d.below_zero();
  }
  EXPECT_LE(alarms, 20);
}

TEST(SlopeDifference, TooFewSamplesGiveNoInterval) {
  const std::vector<GrowthSample> few = {{1, 1}, {2, 2}, {3, 3}, {4, 4}};
  EXPECT_FALSE(CompareSlopes(few, few, 0.001).bounded);
}

}  // namespace
}  // namespace leaktrail
