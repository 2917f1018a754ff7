#include "report/verify_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/baseline.h"

namespace leaktrail {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

// A leak with its cause, a change whose name is markup, and one that failed.
VerifyReport Report() {
  VerifyReport report;
  report.plan = "plan.toml";
  TestedCauses& causes = report.causes;
  causes.title = "shop <b>";
  causes.headline = "The cause is a|b: without it, growth of 570 B per request is gone";
  causes.verdict = Verdict::kLeak;
  causes.comparisons = 2;
  TestedArm baseline;
  baseline.how = "node app.js";
  baseline.verdict = CauseVerdict::kBaseline;
  baseline.own = Verdict::kLeak;
  baseline.growth = {570, 560, 580, "leak", "it grows"};
  baseline.plan_line = 3;
  TestedArm cause;
  cause.cause = "a|b <script>";
  cause.how = "env A=`x`";
  cause.verdict = CauseVerdict::kCause;
  cause.own = Verdict::kNoLeak;
  cause.growth = {1, -3, 5, "no-leak", "flat"};
  cause.difference = TestedDifference{569, 555, 583};
  cause.because = "removes 100 % of the growth";
  cause.plan_line = 9;
  TestedArm failed;
  failed.cause = "broken";
  failed.how = "node absent.js";
  failed.verdict = CauseVerdict::kFailed;
  failed.failure = failed.because = "the service ended with exit code 1";
  failed.plan_line = 13;
  causes.arms = {baseline, cause, failed};
  return report;
}

TEST(VerifyReport, HtmlEscapesWhatItShowsAndLoadsNothing) {
  const std::string html = VerifyHtml(Report());
  EXPECT_THAT(html, HasSubstr("shop &lt;b&gt;"));
  EXPECT_THAT(html, HasSubstr("a|b &lt;script&gt;"));
  EXPECT_THAT(html, Not(HasSubstr("<script>")));
  EXPECT_THAT(html, Not(HasSubstr("src=")));
  EXPECT_THAT(html, Not(HasSubstr("href")));
  EXPECT_THAT(html, HasSubstr("<td class=\"verdict bad\">cause confirmed</td>"));
  EXPECT_THAT(html, HasSubstr("the service ended with exit code 1"));
}

TEST(VerifyReport, MarkdownCellsCannotBreakTheTable) {
  const std::string text = VerifyMarkdown(Report());
  EXPECT_THAT(text, HasSubstr("### shop \\<b\\>\n"));
  EXPECT_THAT(text, HasSubstr("| a\\|b \\<script\\> | env A=\\`x\\` | +1.0 B (-3.0 B to +5.0 B) | "
                              "**cause confirmed** | removes 100 % of the growth |\n"));
  EXPECT_THAT(text, HasSubstr("| broken | node absent.js |  | not measured |"));
}

TEST(VerifyReport, EachArmIsACaseAtItsPlaceInThePlan) {
  const std::vector<JunitCase> cases = VerifyCases(Report());
  ASSERT_EQ(cases.size(), 3u);
  EXPECT_EQ(cases[0].outcome, JunitOutcome::kFailed);
  EXPECT_EQ(cases[1].outcome, JunitOutcome::kFailed);
  EXPECT_EQ(cases[1].line, 9u);
  EXPECT_EQ(cases[2].outcome, JunitOutcome::kError);
}

TEST(VerifyReport, WhatTheGateLetsPassIsNoFailureAndSuppressed) {
  VerifyReport report = Report();
  report.gate = JudgeCauses(report.causes, {KnownCauses{{"a|b <script>"}, {}}, std::nullopt});
  EXPECT_TRUE(report.gate->passed());
  EXPECT_EQ(VerifyCases(report)[0].outcome, JunitOutcome::kPassed);
  for (const SarifResult& result : VerifyResults(report)) {
    EXPECT_TRUE(result.is_known);
    EXPECT_EQ(result.level, SarifLevel::kNote);
  }
  EXPECT_THAT(VerifyText(report, {}), HasSubstr("The gate passes: what leaks is known"));
}

TEST(VerifyReport, IsABaselineOfItsCauses) {
  std::string json;
  JsonWriter writer([&](std::string_view piece) { json += piece; });
  WriteVerifyJson(Report(), &writer);
  const Result<KnownCauses> known = ReadCausesBaseline(json);
  ASSERT_TRUE(known) << known.error().message;
  EXPECT_THAT(known->causes, ElementsAre("a|b <script>"));
}

TEST(VerifyReport, FindsCulpritIsABaselineToo) {
  const Result<KnownCauses> known = ReadCausesBaseline(
      R"({"schema":"leaktrail.findings/1","culprit":{"package":"@pm2/io@4.2.1"},"suspects":[]})");
  ASSERT_TRUE(known);
  EXPECT_THAT(known->packages, ElementsAre("@pm2/io"));
  EXPECT_FALSE(ReadCausesBaseline("{}"));
  EXPECT_FALSE(ReadCausesBaseline("no"));
}

}  // namespace
}  // namespace leaktrail
