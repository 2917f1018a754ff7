#include "analysis/gate.h"

#include <gtest/gtest.h>

namespace leaktrail {
namespace {

Findings Leaking() {
  Findings findings;
  findings.verdict = Verdict::kLeak;
  Suspect first, second, noise;
  first.rank = 1;
  first.fingerprint = "aaaa";
  first.confidence = 0.95;
  second.rank = 2;
  second.fingerprint = "bbbb";
  second.confidence = 0.9;
  noise.rank = 3;
  noise.fingerprint = "cccc";
  noise.confidence = 0.4;
  findings.suspects = {first, second, noise};
  findings.growth.heap_bytes_per_unit = 480;
  findings.experiment.emplace();
  findings.experiment->heap = {480, 470, 490, "leak", ""};
  findings.experiment->external = {0, -10, 2000, "inconclusive", ""};
  return findings;
}

GateReason ReasonOf(const Findings& findings, const GateOptions& options) {
  return Judge(findings, options).reason;
}

TEST(Gate, ALeakDoesNotPassAndNoLeakDoes) {
  Findings findings = Leaking();
  EXPECT_EQ(ReasonOf(findings, {}), GateReason::kLeak);
  EXPECT_FALSE(Judge(findings, {}).passed());
  findings.verdict = Verdict::kNoLeak;
  EXPECT_EQ(ReasonOf(findings, {}), GateReason::kNoLeak);
  EXPECT_TRUE(Judge(findings, {}).passed());
  findings.verdict = Verdict::kInconclusive;
  EXPECT_FALSE(Judge(findings, {}).passed());
}

TEST(Gate, KnownLeaksPassAndNoiseNeedNotBeKnown) {
  GateOptions options;
  options.known = {{"bbbb", "aaaa"}};
  const GateResult result = Judge(Leaking(), options);
  EXPECT_EQ(result.reason, GateReason::kKnown);
  EXPECT_TRUE(result.passed());
  EXPECT_EQ(result.known, (std::vector<std::string>{"aaaa", "bbbb"}));
  EXPECT_TRUE(result.fresh.empty());
}

TEST(Gate, ASecondLeakBesideAKnownOneDoesNotPass) {
  GateOptions options;
  options.known = {{"aaaa"}};
  const GateResult result = Judge(Leaking(), options);
  EXPECT_EQ(result.reason, GateReason::kLeak);
  EXPECT_EQ(result.fresh, std::vector<std::string>{"bbbb"});
}

TEST(Gate, ALeakWithoutASuspectIsNeverKnown) {
  Findings findings = Leaking();
  findings.suspects.clear();
  GateOptions options;
  options.known = {{"aaaa"}};
  EXPECT_EQ(ReasonOf(findings, options), GateReason::kLeak);
}

TEST(Gate, WhatIsOpenPassesIfAllThatGrowsIsKnown) {
  Findings findings = Leaking();
  findings.verdict = Verdict::kInconclusive;
  GateOptions options;
  options.known = {{"aaaa", "bbbb"}};
  EXPECT_EQ(ReasonOf(findings, options), GateReason::kKnown);
  findings.suspects.clear();
  EXPECT_EQ(ReasonOf(findings, options), GateReason::kInconclusive);
}

TEST(Gate, TheThresholdIsComparedWithTheUpperEnd) {
  GateOptions options;
  options.threshold = 485;
  EXPECT_EQ(ReasonOf(Leaking(), options), GateReason::kLeak);
  options.threshold = 491;
  EXPECT_EQ(ReasonOf(Leaking(), options), GateReason::kBelowThreshold);
  Findings outside = Leaking();
  outside.experiment->external.outcome = "leak";
  EXPECT_EQ(ReasonOf(outside, options), GateReason::kLeak);
}

TEST(Gate, AThresholdDoesNotSettleWhatIsOpen) {
  Findings findings = Leaking();
  findings.verdict = Verdict::kInconclusive;
  GateOptions options;
  options.threshold = 1e9;
  EXPECT_EQ(ReasonOf(findings, options), GateReason::kInconclusive);
}

TEST(Gate, SnapshotsAreComparedByGrowthPerSnapshot) {
  Findings findings = Leaking();
  findings.experiment.reset();
  GateOptions options;
  options.threshold = 481;
  EXPECT_EQ(ReasonOf(findings, options), GateReason::kBelowThreshold);
}

}  // namespace
}  // namespace leaktrail
