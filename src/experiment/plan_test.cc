#include "experiment/plan.h"

#include <gtest/gtest.h>

#include "experiment/plan_init.h"

namespace leaktrail {
namespace {

constexpr const char* kService = "[service]\ncommand = \"node app.js\"\n";

std::string ErrorOf(const std::string& text) {
  const Result<Plan> plan = ParsePlan(text, "/p/plan.toml");
  return plan ? "" : plan.error().message;
}

TEST(Plan, AHypothesisIsTheBaselineWithItsChange) {
  const Result<Plan> plan = ParsePlan(std::string(kService) +
                                          "[load]\npath = \"/a\"\n[[hypothesis]]\npackage = "
                                          "\"@x/y@1.2.3\"\nenv = { A = 1, B = false }\n",
                                      "/p/plan.toml");
  ASSERT_TRUE(plan) << plan.error().message;
  ASSERT_EQ(plan->arms.size(), 2u);
  const PlanArm& arm = plan->arms[1];
  EXPECT_EQ(arm.packages[0].name, "@x/y");
  EXPECT_EQ(arm.packages[0].version, "1.2.3");
  EXPECT_EQ(arm.how, "@x/y 1.2.3, A=1, without B");
  EXPECT_EQ(arm.request.paths, std::vector<std::string>{"/a"});
  EXPECT_EQ(arm.line, 5u);
  EXPECT_NE(arm.definition, plan->arms[0].definition);
}

TEST(Plan, ASlipIsNamedWithItsLineAndTheNearestKey) {
  EXPECT_EQ(ErrorOf(std::string(kService) + "[[hypothesis]]\npakage = \"a@1.0.0\"\n"),
            "/p/plan.toml:4: [[hypothesis]] has no key 'pakage'; did you mean 'package'?");
}

TEST(Plan, AHypothesisThatChangesNothingIsAnError) {
  EXPECT_NE(
      ErrorOf(std::string(kService) + "[[hypothesis]]\ncause = \"x\"\n").find("changes nothing"),
      std::string::npos);
}

TEST(Plan, ACommandForAShellIsRefused) {
  EXPECT_EQ(*SplitCommand("node 'a b' \"c\\\"d\" e\\ f"),
            (std::vector<std::string>{"node", "a b", "c\"d", "e f"}));
  EXPECT_FALSE(SplitCommand("a && b"));
  EXPECT_FALSE(SplitCommand("a 'b"));
}

TEST(PlanInit, WhatItWritesIsAPlan) {
  ProjectFacts project;
  project.command = "node app.js";
  project.packages = {{"koa", "2.7.0", "2.6.2", "2.8.0", true, true},
                      {"x", "", "", "", false, true}};
  const PlanText text = PlanFor(project);
  EXPECT_EQ(text.hypothesis_count, 2u);
  const Result<Plan> plan = ParsePlan(text.text, "/p/plan.toml");
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_EQ(plan->arms.size(), 3u);
}

}  // namespace
}  // namespace leaktrail
