// verify's result for machines that let a change pass or not: JUnit and SARIF.
#include <fmt/format.h>

#include <algorithm>

#include "report/experiment_text.h"
#include "report/verify_report.h"
#include "report/words.h"

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

std::vector<JunitCase> VerifyCases(const VerifyReport& report) {
  const bool passes = report.gate && report.gate->passed();
  std::vector<JunitCase> cases;
  for (const TestedArm& arm : report.causes.arms) {
    JunitCase c;
    c.name = arm.cause.empty() ? "as it is" : arm.cause;
    c.outcome = OutcomeOf(arm);
    if (passes && c.outcome == JunitOutcome::kFailed) c.outcome = JunitOutcome::kPassed;
    c.message = Sentence(arm);
    if (arm.cause.empty()) c.details = report.causes.headline;
    c.file = report.plan;
    c.line = arm.plan_line;
    c.seconds = arm.facts.load_seconds;
    cases.push_back(std::move(c));
  }
  return cases;
}

std::vector<SarifRule> VerifyRules() {
  const std::string how =
      "Each arm of the plan ran under the same load in turns with the baseline, and "
      "the growth per request of the two was compared.";
  return {
      {"leak", "Memory grows with the load and does not stop", "The project as it is leaks. " + how,
       "The results beside this one name the causes that were confirmed; leaktrail find names "
       "more suspects to put into the plan."},
      {"leak-cause", "Without this the leak is gone, or a part of it",
       "With this one thing changed the service leaks less. " + how,
       "Keep the change, or mend what it leaves out; leaktrail bisect finds the version of a "
       "package that brought the leak in."},
      {"leak-brought-in", "With this change a leak comes",
       "With this one thing changed the service leaks more. " + how,
       "Do not make this change before its cause is mended."}};
}

std::vector<SarifResult> VerifyResults(const VerifyReport& report) {
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
    if (report.gate) {
      const std::vector<std::string>& known = report.gate->known;
      result.is_known = arm.cause.empty()
                            ? report.gate->reason == GateReason::kKnown
                            : std::find(known.begin(), known.end(), arm.cause) != known.end();
      if (report.gate->passed()) result.level = SarifLevel::kNote;
    }
    results.push_back(std::move(result));
  }
  return results;
}

}  // namespace leaktrail
