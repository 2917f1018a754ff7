#include "experiment/join.h"

#include <gtest/gtest.h>

namespace leaktrail {
namespace {

StackFrame Frame(const char* package, const char* file, const char* function, uint32_t line) {
  return {function, file, package, line, 1};
}

const StackFrame kSet{"set", "", "", 0, 0};
const StackFrame kMeter = Frame("@pm2/io@4.2.1", "meter.js", "Meter", 6);
const StackFrame kRegister = Frame("@pm2/io@4.2.1", "httpMetrics.js", "registerHttpMetric", 41);
const StackFrame kHandler = Frame("app", "app.js", "handle", 9);
const StackFrame kEmit = Frame("node", "node:events", "emit", 1);

Findings FindingsOf(const char* class_name, CodePlace place, Because because) {
  Findings findings;
  findings.verdict = Verdict::kLeak;
  Suspect suspect;
  suspect.class_name = class_name;
  suspect.culprit = Culprit{std::move(place), because};
  findings.suspects.push_back(std::move(suspect));
  findings.culprit = findings.suspects.front().culprit;
  return findings;
}

TEST(Join, WhoCallsAConstructorWithoutEndIsToBlame) {
  Findings findings =
      FindingsOf("Meter", {"@pm2/io@4.2.1", "meter.js", 6, 1, "Meter"}, Because::kConstructor);
  const GrowingStack stacks[] = {{{kMeter, kRegister, kHandler, kEmit}, 1e6}};
  JoinStacks(stacks, &findings);
  EXPECT_EQ(findings.culprit->place.function, "registerHttpMetric");
  EXPECT_EQ(findings.culprit->place.line, 41u);
  EXPECT_EQ(findings.culprit->because, Because::kAllocationStack);
  EXPECT_EQ(findings.suspects[0].allocation_stack.size(), 4u);
}

// What V8 leaves out of the stack when it inlines, and what else is made in the constructor's file.
TEST(Join, TheCallerIsNamedWhateverIsInlined) {
  const StackFrame make = Frame("@pm2/io@4.2.1", "metrics.js", "MetricService.meter", 96);
  const StackFrame tick = Frame("@pm2/io@4.2.1", "meter.js", "", 26);
  const GrowingStack side = {{tick, kEmit}, 6e4};
  for (const GrowingStack& made : {GrowingStack{{kMeter, make, kRegister, kHandler}, 1e6},
                                   GrowingStack{{make, kRegister, kHandler}, 1e6},
                                   GrowingStack{{kMeter, kRegister, kHandler}, 1e6},
                                   GrowingStack{{kRegister, kHandler}, 1e6}}) {
    Findings findings =
        FindingsOf("Meter", {"@pm2/io@4.2.1", "meter.js", 6, 1, "Meter"}, Because::kConstructor);
    const GrowingStack stacks[] = {made, side};
    JoinStacks(stacks, &findings);
    EXPECT_EQ(findings.culprit->place.function, "registerHttpMetric");
    EXPECT_EQ(findings.suspects[0].allocation_stack.size(), made.frames.size());
  }
}

TEST(Join, BlameDoesNotLeaveThePackageOfTheConstructor) {
  Findings findings =
      FindingsOf("Meter", {"@pm2/io@4.2.1", "meter.js", 6, 1, "Meter"}, Because::kConstructor);
  const GrowingStack stacks[] = {{{kMeter, kHandler}, 1e6}};
  JoinStacks(stacks, &findings);
  EXPECT_EQ(findings.culprit->place.package, "@pm2/io@4.2.1");
  EXPECT_EQ(findings.culprit->place.function, "Meter");
}

TEST(Join, TheStackGivesTheVersionThatTheHeapDoesNotKnow) {
  Findings findings = FindingsOf(
      "Meter", {"@pm2/io", "httpMetrics.js", 41, 1, "registerHttpMetric"}, Because::kOwner);
  const GrowingStack stacks[] = {{{kMeter, kRegister}, 1e6}};
  JoinStacks(stacks, &findings);
  EXPECT_EQ(findings.culprit->place.package, "@pm2/io@4.2.1");
}

TEST(Join, AHolderThatMadeNearlyNothingKeepsItsOwnEvidence) {
  Findings findings =
      FindingsOf("Object", {"@pm2/io@4.2.1", "meter.js", 6, 1, "Meter"}, Because::kOwner);
  const GrowingStack stacks[] = {{{kHandler}, 1e6}, {{kMeter}, 3e4}};
  JoinStacks(stacks, &findings);
  EXPECT_EQ(findings.culprit->because, Because::kOwner);
  EXPECT_TRUE(findings.suspects[0].allocation_stack.empty());
}

TEST(Join, WhereTrailNamesNobodyTheStackDoes) {
  Findings findings;
  findings.verdict = Verdict::kLeak;
  const GrowingStack stacks[] = {{{kSet, kHandler, kEmit}, 1e6}, {{kEmit}, 1e5}};
  JoinStacks(stacks, &findings);
  ASSERT_TRUE(findings.culprit);
  EXPECT_EQ(findings.culprit->place.file, "app.js");
}

TEST(Join, WhoCallsAConstructorIsNamedAlsoWithoutSnapshots) {
  Findings findings;
  findings.verdict = Verdict::kLeak;
  const GrowingStack stacks[] = {{{kMeter, kRegister, kHandler, kEmit}, 1e6}};
  JoinStacks(stacks, &findings);
  ASSERT_TRUE(findings.culprit);
  EXPECT_EQ(findings.culprit->place.function, "registerHttpMetric");
}

TEST(Join, WithoutStacksNothingChanges) {
  Findings findings = FindingsOf("Meter", {"app", "a.js", 1, 1, "f"}, Because::kOwner);
  JoinStacks({}, &findings);
  EXPECT_EQ(findings.culprit->because, Because::kOwner);
}

}  // namespace
}  // namespace leaktrail
