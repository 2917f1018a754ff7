#include <fmt/format.h>

#include "report/experiment_text.h"
#include "report/verify_report.h"
#include "report/words.h"

namespace leaktrail {
namespace {

const char* OwnText(Verdict verdict) {
  switch (verdict) {
    case Verdict::kLeak:
      return "leaks";
    case Verdict::kNoLeak:
      return "does not leak";
    case Verdict::kInconclusive:
      return "inconclusive";
  }
  return "";
}

}  // namespace

VerifyRow RowOf(const TestedArm& arm) {
  VerifyRow row;
  const bool is_baseline = arm.verdict == CauseVerdict::kBaseline;
  row.cause = arm.cause.empty() ? "(as it is)" : SafeText(arm.cause);
  row.how = SafeText(arm.how);
  row.verdict = is_baseline ? OwnText(arm.own) : CauseVerdictText(arm.verdict);
  row.note = SafeText(arm.because);
  if (!arm.note.empty()) row.note += (row.note.empty() ? "" : "; ") + SafeText(arm.note);
  if (!arm.failure.empty()) return row;
  row.result = fmt::format("{} ({})", RateText(arm.growth.per_unit), IntervalText(arm.growth));
  if (arm.is_outside_heap) row.result += ", outside the heap";
  return row;
}

std::string ComparedText(const TestedCauses& causes) {
  return fmt::format(
      "growth is in bytes per request; all {} hold together with at most {:.3g} % "
      "false alarms",
      FormatCountOf(causes.comparisons, "comparison", "comparisons"),
      causes.false_alarm_bound * 100);
}

}  // namespace leaktrail
