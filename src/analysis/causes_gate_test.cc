#include "analysis/causes_gate.h"

#include <gtest/gtest.h>

namespace leaktrail {
namespace {

TestedArm Arm(const char* cause, CauseVerdict verdict, Verdict own, double high = 0) {
  TestedArm arm;
  arm.cause = cause;
  arm.verdict = verdict;
  arm.own = own;
  arm.facts.heap = {high, high, high, own == Verdict::kLeak ? "leak" : "no-leak", ""};
  arm.facts.external.outcome = "no-leak";
  return arm;
}

TestedCauses Leaking() {
  TestedCauses causes;
  causes.verdict = Verdict::kLeak;
  causes.arms = {Arm("", CauseVerdict::kBaseline, Verdict::kLeak, 570),
                 Arm("io", CauseVerdict::kCause, Verdict::kNoLeak),
                 Arm("koa", CauseVerdict::kNotTheCause, Verdict::kLeak, 580)};
  causes.arms[1].packages = {"@pm2/io"};
  return causes;
}

GateReason Reason(const TestedCauses& causes, std::vector<std::string> known) {
  return JudgeCauses(causes, {KnownCauses{std::move(known), {}}, std::nullopt}).reason;
}

TEST(CausesGate, ALeakWhoseCauseIsKnownPasses) {
  EXPECT_EQ(Reason(Leaking(), {"io"}), GateReason::kKnown);
  EXPECT_EQ(Reason(Leaking(), {"koa"}), GateReason::kLeak);
  EXPECT_EQ(Reason(Leaking(), {}), GateReason::kLeak);
}

TEST(CausesGate, AReportOfFindKnowsPackages) {
  CausesGateOptions options;
  options.known = KnownCauses{{}, {"@pm2/io"}};
  EXPECT_EQ(JudgeCauses(Leaking(), options).reason, GateReason::kKnown);
  TestedCauses two = Leaking();
  two.arms[1].packages.push_back("koa");
  EXPECT_EQ(JudgeCauses(two, options).reason, GateReason::kLeak);
}

TEST(CausesGate, APartThatIsKnownLeavesARestThatIsNot) {
  TestedCauses causes = Leaking();
  causes.arms[1] = Arm("io", CauseVerdict::kPart, Verdict::kLeak, 200);
  EXPECT_EQ(Reason(causes, {"io"}), GateReason::kLeak);
}

TEST(CausesGate, AKnownCauseWithoutWhichOtherMemoryLeaksDoesNotPass) {
  TestedCauses causes = Leaking();
  causes.arms[1].own = Verdict::kLeak;
  EXPECT_EQ(Reason(causes, {"io"}), GateReason::kLeak);
}

TEST(CausesGate, EachChangeThatBringsALeakInHasToBeKnown) {
  TestedCauses causes = Leaking();
  causes.arms[0] = Arm("", CauseVerdict::kBaseline, Verdict::kNoLeak);
  causes.arms[1] = Arm("io", CauseVerdict::kBringsIn, Verdict::kLeak, 500);
  causes.arms[2] = Arm("koa", CauseVerdict::kBringsIn, Verdict::kLeak, 500);
  EXPECT_EQ(Reason(causes, {"io"}), GateReason::kLeak);
  EXPECT_EQ(Reason(causes, {"io", "koa"}), GateReason::kKnown);
}

TEST(CausesGate, TheThresholdIsComparedWithTheUpperEndOfAllThatLeaks) {
  CausesGateOptions options;
  options.threshold = 575;
  EXPECT_EQ(JudgeCauses(Leaking(), options).reason, GateReason::kLeak);
  options.threshold = 581;
  EXPECT_EQ(JudgeCauses(Leaking(), options).reason, GateReason::kBelowThreshold);
}

TEST(CausesGate, WhatIsOpenDoesNotPass) {
  TestedCauses causes = Leaking();
  causes.verdict = Verdict::kInconclusive;
  EXPECT_EQ(Reason(causes, {"io"}), GateReason::kInconclusive);
}

}  // namespace
}  // namespace leaktrail
