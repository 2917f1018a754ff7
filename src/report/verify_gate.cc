// verify's result for machines that let a change pass or not: JUnit and SARIF.
#include <fmt/format.h>

#include "report/experiment_text.h"
#include "report/junit.h"
#include "report/sarif.h"
#include "report/verify_report.h"

namespace leaktrail {
namespace {

JunitOutcome OutcomeOf(const TestedArm& arm) {
  switch (arm.verdict) {
    case CauseVerdict::kBaseline:
      break;
    case CauseVerdict::kCause:
    case CauseVerdict::kPart:
    case CauseVerdict::kBringsIn:
      return JunitOutcome::kFailed;
    case CauseVerdict::kNotTheCause:
      return JunitOutcome::kPassed;
    case CauseVerdict::kInconclusive:
      return JunitOutcome::kSkipped;
    case CauseVerdict::kFailed:
      return JunitOutcome::kError;
  }
  switch (arm.own) {
    case Verdict::kLeak:
      return JunitOutcome::kFailed;
    case Verdict::kNoLeak:
      return JunitOutcome::kPassed;
    case Verdict::kInconclusive:
      return JunitOutcome::kSkipped;
  }
  return JunitOutcome::kError;
}

std::string Sentence(const TestedArm& arm) {
  const VerifyRow row = RowOf(arm);
  if (row.result.empty()) return fmt::format("{}: {}", row.verdict, row.note);
  return fmt::format("{}: {} per request with {}; {}", row.verdict, row.result, row.how, row.note);
}

}  // namespace

std::string VerifyJunit(const VerifyReport& report) {
  std::vector<JunitCase> cases;
  for (const TestedArm& arm : report.causes.arms) {
    JunitCase c;
    c.name = arm.cause.empty() ? "as it is" : arm.cause;
    c.outcome = OutcomeOf(arm);
    c.message = Sentence(arm);
    if (arm.cause.empty()) c.details = report.causes.headline;
    c.file = report.plan;
    c.line = arm.plan_line;
    c.seconds = arm.facts.load_seconds;
    cases.push_back(std::move(c));
  }
  return JunitXml("leaktrail.verify", cases);
}

void WriteVerifySarif(const VerifyReport& report, JsonWriter* json) {
  const std::vector<SarifRule> rules = {
      {"leak", "Memory grows with the load and does not stop"},
      {"leak-cause", "Without this the leak is gone, or a part of it"},
      {"leak-brought-in", "With this change a leak comes"}};
  std::vector<SarifResult> results;
  for (const TestedArm& arm : report.causes.arms) {
    if (OutcomeOf(arm) != JunitOutcome::kFailed) continue;
    SarifResult result;
    result.rule_id = arm.verdict == CauseVerdict::kBaseline   ? "leak"
                     : arm.verdict == CauseVerdict::kBringsIn ? "leak-brought-in"
                                                              : "leak-cause";
    result.message = arm.cause.empty() ? report.causes.headline
                                       : fmt::format("{}: {}", arm.cause, Sentence(arm));
    result.file = report.plan;
    result.line = arm.plan_line;
    results.push_back(std::move(result));
  }
  WriteSarif(rules, results, json);
}

}  // namespace leaktrail
