// A gate for CI: does this answer let a change pass?
//
//   no leak                                            passes
//   a leak, every bit of whose growth is below the threshold   passes
//   a leak all of whose suspects are known             passes
//   anything else                                      does not
//
// Suspects that count are the first one and those that would be a leak by themselves; what else
// grew a little in one run is noise, and other noise in the next. A threshold is compared with the
// upper end of the growth's interval, so that a leak above it does not pass by luck.
//
// Threads: pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "analysis/findings.h"

namespace leaktrail {

struct GateOptions {
  std::optional<std::vector<std::string>> known;  // fingerprints of a baseline
  std::optional<double> threshold;                // bytes per unit
};

enum class GateReason : uint8_t { kNoLeak, kBelowThreshold, kKnown, kLeak, kInconclusive };
// "no_leak", "below_threshold", "known", "leak", "inconclusive".
const char* GateReasonName(GateReason reason);

struct GateResult {
  GateReason reason = GateReason::kInconclusive;
  std::vector<std::string> known, fresh;  // fingerprints of suspects that count
  bool has_baseline = false;
  std::optional<double> threshold;
  double growth = 0;  // what is compared with it: bytes per unit, the upper end

  bool passed() const { return reason <= GateReason::kKnown; }
};

GateResult Judge(const Findings& findings, const GateOptions& options);

}  // namespace leaktrail
