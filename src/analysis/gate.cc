#include "analysis/gate.h"

#include <algorithm>

namespace leaktrail {
namespace {

constexpr double kCounts = 0.75;  // of confidence

// The upper end of what grows by a verdict of its own.
double GrowthOf(const Findings& findings) {
  if (!findings.experiment) return findings.growth.heap_bytes_per_unit;
  double most = findings.experiment->heap.high;
  const SlopeFacts& external = findings.experiment->external;
  if (external.outcome == "leak") most = std::max(most, external.high);
  return most;
}

}  // namespace

const char* GateReasonName(GateReason reason) {
  switch (reason) {
    case GateReason::kNoLeak:
      return "no_leak";
    case GateReason::kBelowThreshold:
      return "below_threshold";
    case GateReason::kKnown:
      return "known";
    case GateReason::kLeak:
      return "leak";
    case GateReason::kInconclusive:
      return "inconclusive";
  }
  return "inconclusive";
}

GateResult Judge(const Findings& findings, const GateOptions& options) {
  GateResult result;
  result.has_baseline = options.known.has_value();
  result.threshold = options.threshold;
  result.growth = GrowthOf(findings);
  for (const Suspect& s : findings.suspects) {
    if (s.rank > 1 && s.confidence < kCounts) continue;
    const bool is_known = options.known && std::find(options.known->begin(), options.known->end(),
                                                     s.fingerprint) != options.known->end();
    (is_known ? result.known : result.fresh).push_back(s.fingerprint);
  }
  const bool all_known = result.fresh.empty() && !result.known.empty();
  if (findings.verdict == Verdict::kNoLeak) {
    result.reason = GateReason::kNoLeak;
  } else if (findings.verdict == Verdict::kLeak && options.threshold &&
             result.growth < *options.threshold) {
    result.reason = GateReason::kBelowThreshold;
  } else if (all_known) {
    result.reason = GateReason::kKnown;
  } else if (findings.verdict == Verdict::kLeak) {
    result.reason = GateReason::kLeak;
  } else {
    result.reason = GateReason::kInconclusive;
  }
  return result;
}

}  // namespace leaktrail
