#include "report/findings_checks.h"

#include <gtest/gtest.h>

namespace leaktrail {
namespace {

FindingsReport Leak() {
  FindingsReport report;
  Findings& f = report.findings;
  f.verdict = Verdict::kLeak;
  f.growth.heap_bytes_per_unit = 480;
  Suspect first, second, noise;
  first.rank = 1;
  first.class_name = "Meter";
  first.grown_count = 2000;
  first.grown_size = 500'000;
  first.fingerprint = "aaaa";
  first.confidence = 0.95;
  first.culprit = Culprit{{"@acme/meters@1.2.0", "lib/a b.js", 9, 1, "add"}, Because::kOwner};
  first.allocation_stack = {{"add", "lib/a b.js", "@acme/meters@1.2.0", 9, 1},
                            {"onRequest", "node:_http_server", "node", 1, 1},
                            {"handle", "app.js", "app", 30, 2}};
  second = first;
  second.rank = 2;
  second.fingerprint = "bbbb";
  second.culprit.reset();
  noise.rank = 3;
  noise.fingerprint = "cccc";
  noise.confidence = 0.3;
  f.culprit = first.culprit;
  f.suspects = {first, second, noise};
  return report;
}

TEST(FindingsChecks, APackagesFileLiesBelowNodeModules) {
  EXPECT_EQ(RepositoryFile({"@pm2/io@4.2.1", "build/a.js", 1, 1, ""}),
            "node_modules/@pm2/io/build/a.js");
  EXPECT_EQ(RepositoryFile({"socket.io-adapter", "dist/index.js", 1, 1, ""}),
            "node_modules/socket.io-adapter/dist/index.js");
  EXPECT_EQ(RepositoryFile({"@scope/none", "x.js", 1, 1, ""}), "node_modules/@scope/none/x.js");
  EXPECT_EQ(RepositoryFile({"app", "src/app.js", 1, 1, ""}), "src/app.js");
}

TEST(FindingsChecks, WhatIsNotInTheRepositoryHasNoFile) {
  EXPECT_EQ(RepositoryFile({"node", "internal/timers", 1, 1, ""}), "");
  EXPECT_EQ(RepositoryFile({"app", "/srv/other.js", 1, 1, ""}), "");
  EXPECT_EQ(RepositoryFile({"app", "../other.js", 1, 1, ""}), "");
  EXPECT_EQ(RepositoryFile({"(generated)", "eval", 1, 1, ""}), "");
  EXPECT_EQ(RepositoryFile({}), "");
}

TEST(FindingsChecks, ALeakIsAFailureAtItsPlace) {
  const JunitCase c = FindingsCase(Leak(), "node app.js");
  EXPECT_EQ(c.outcome, JunitOutcome::kFailed);
  EXPECT_EQ(c.name, "node app.js");
  EXPECT_EQ(c.message, "Leak in @acme/meters@1.2.0: +480 B per snapshot");
  EXPECT_EQ(c.file, "node_modules/@acme/meters/lib/a b.js");
  EXPECT_EQ(c.line, 9u);
}

TEST(FindingsChecks, WhatPassesTheGateIsNoFailure) {
  FindingsReport report = Leak();
  report.gate = Judge(report.findings, {{{"aaaa", "bbbb"}}, std::nullopt});
  EXPECT_EQ(FindingsCase(report, "x").outcome, JunitOutcome::kPassed);
  report.gate = Judge(report.findings, {{{"aaaa"}}, std::nullopt});
  EXPECT_EQ(FindingsCase(report, "x").outcome, JunitOutcome::kFailed);
  report.findings.verdict = Verdict::kInconclusive;
  report.gate.reset();
  EXPECT_EQ(FindingsCase(report, "x").outcome, JunitOutcome::kSkipped);
  report.findings.verdict = Verdict::kNoLeak;
  EXPECT_EQ(FindingsCase(report, "x").outcome, JunitOutcome::kPassed);
}

TEST(FindingsChecks, EachSuspectThatCountsIsAResult) {
  FindingsReport report = Leak();
  report.gate = Judge(report.findings, {{{"bbbb"}}, std::nullopt});
  const std::vector<SarifResult> results = FindingsResults(report, "node app.js");
  ASSERT_EQ(results.size(), 2u);
  EXPECT_EQ(results[0].fingerprint, "aaaa");
  EXPECT_EQ(results[0].file, "node_modules/@acme/meters/lib/a b.js");
  EXPECT_EQ(results[0].level, SarifLevel::kError);
  EXPECT_FALSE(results[0].is_known);
  ASSERT_EQ(results[0].steps.size(), 3u);
  EXPECT_EQ(results[0].steps[1].file, "");
  EXPECT_EQ(results[0].steps[2].file, "app.js");
  EXPECT_TRUE(results[1].is_known);
  EXPECT_EQ(results[1].level, SarifLevel::kNote);
  EXPECT_EQ(results[1].file, "package.json");
}

TEST(FindingsChecks, NoLeakHasNoResultAndALeakOfUnknownOriginHasOne) {
  FindingsReport report = Leak();
  report.findings.suspects.clear();
  EXPECT_EQ(FindingsResults(report, "x").size(), 1u);
  report.findings.verdict = Verdict::kNoLeak;
  EXPECT_TRUE(FindingsResults(report, "x").empty());
}

TEST(FindingsChecks, TheGateSaysWhatItFoundAndWhy) {
  const Findings findings = Leak().findings;
  EXPECT_EQ(GateText(Judge(findings, {{{"aaaa", "bbbb"}}, std::nullopt}), "request"),
            "passes: what grows is known (aaaa, bbbb)");
  EXPECT_EQ(GateText(Judge(findings, {{{"bbbb"}}, std::nullopt}), "request"),
            "does not pass: a leak that is not known (aaaa) beside what is known (bbbb)");
  EXPECT_EQ(GateText(Judge(findings, {std::nullopt, 1000.0}), "request"),
            "passes: at most 480 B per request is below the threshold of 1.0 kB");
  EXPECT_EQ(GateText(Judge(findings, {std::nullopt, 100.0}), "request"),
            "does not pass: a leak, and 480 B per request is not below the threshold of 100 B");
}

TEST(FindingsChecks, MarkdownCannotBeBrokenByWhatAHeapHolds) {
  FindingsReport report = Leak();
  report.findings.suspects[0].class_name = "```</code><script>";
  const std::string text = FindingsMarkdown(report, "node <app>.js");
  EXPECT_NE(text.find("````text\n"), std::string::npos);
  EXPECT_NE(text.find("<code>node &lt;app&gt;.js</code>"), std::string::npos);
}

}  // namespace
}  // namespace leaktrail
