#include "analysis/causes_gate.h"

#include <algorithm>

namespace leaktrail {
namespace {

bool Has(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// A hypothesis that changes several packages is known if all of them are.
bool IsKnown(const TestedArm& arm, const KnownCauses& known) {
  if (Has(known.causes, arm.cause)) return true;
  return !arm.packages.empty() &&
         std::all_of(arm.packages.begin(), arm.packages.end(),
                     [&](const std::string& name) { return Has(known.packages, name); });
}

// The upper end of what leaks in this arm; 0 if nothing does.
double GrowthOf(const TestedArm& arm) {
  double most = 0;
  if (!arm.failure.empty()) return most;
  for (const SlopeFacts* slope : {&arm.facts.heap, &arm.facts.external}) {
    if (slope->outcome == "leak") most = std::max(most, slope->high);
  }
  return most;
}

}  // namespace

GateResult JudgeCauses(const TestedCauses& causes, const CausesGateOptions& options) {
  GateResult result;
  result.has_baseline = options.known.has_value();
  result.threshold = options.threshold;
  bool is_explained = false, all_brought_in_known = true, brings_in = false;
  for (const TestedArm& arm : causes.arms) {
    result.growth = std::max(result.growth, GrowthOf(arm));
    const bool is_cause = arm.verdict == CauseVerdict::kCause;
    const bool is_brought_in = arm.verdict == CauseVerdict::kBringsIn;
    if (!is_cause && !is_brought_in && arm.verdict != CauseVerdict::kPart) continue;
    const bool is_known = options.known && IsKnown(arm, *options.known);
    (is_known ? result.known : result.fresh).push_back(arm.cause);
    is_explained |= is_cause && is_known && arm.own == Verdict::kNoLeak;
    brings_in |= is_brought_in;
    all_brought_in_known &= !is_brought_in || is_known;
  }
  const bool leaks_as_it_is = causes.arms.front().own == Verdict::kLeak;
  if (causes.verdict == Verdict::kNoLeak) {
    result.reason = GateReason::kNoLeak;
  } else if (causes.verdict != Verdict::kLeak) {
    result.reason = GateReason::kInconclusive;
  } else if (options.threshold && result.growth < *options.threshold) {
    result.reason = GateReason::kBelowThreshold;
  } else if ((leaks_as_it_is || brings_in) && (!leaks_as_it_is || is_explained) &&
             all_brought_in_known) {
    result.reason = GateReason::kKnown;
  } else {
    result.reason = GateReason::kLeak;
  }
  return result;
}

}  // namespace leaktrail
