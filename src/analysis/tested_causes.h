// What `verify` found out: each suspected cause, the growth without it, and whether that proves it.
// Plain values; the renderings (text, Markdown, HTML, JSON schema leaktrail.verify/1, JUnit, SARIF)
// print them as they stand.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "analysis/experiment_facts.h"
#include "analysis/findings.h"

namespace leaktrail {

enum class CauseVerdict : uint8_t {
  kBaseline,      // nothing was changed
  kCause,         // it leaks, with the change it does not, and the difference is safe
  kPart,          // it still leaks with the change, but clearly less
  kNotTheCause,   // the change makes no difference that matters
  kBringsIn,      // it does not leak, and with the change it does
  kInconclusive,  // neither is safe
  kFailed,        // could not be measured
};
// "baseline", "cause", "part", "not-cause", "brings-in", "inconclusive", "failed"
const char* CauseVerdictName(CauseVerdict verdict);
// As people say it: "cause confirmed", "part of it", …
const char* CauseVerdictText(CauseVerdict verdict);

// Bytes per request of the baseline less those of the arm.
struct TestedDifference {
  double per_unit = 0, low = 0, high = 0;
};

struct TestedArm {
  std::string cause;                  // "" for the baseline
  std::string how;                    // how it is tested
  std::string note;                   // the user's
  uint32_t plan_line = 1;             // of the hypothesis
  std::vector<std::string> packages;  // that it changes, by name
  std::string failure;                // one sentence, if it could not be measured
  bool is_kept = false;               // measured by an earlier run
  std::vector<std::string> install_notes;
  ExperimentFacts facts;

  // Concluded from the facts of all arms.
  CauseVerdict verdict = CauseVerdict::kInconclusive;
  Verdict own = Verdict::kInconclusive;  // does this arm leak, in any memory?
  SlopeFacts growth;                     // of the memory that tells
  bool is_outside_heap = false;          // the memory that tells
  std::optional<TestedDifference> difference;
  std::string because;  // one clause
};

struct TestedCauses {
  std::string title;
  std::vector<TestedArm> arms;  // the baseline first
  double false_alarm_bound = 0.01;
  uint32_t comparisons = 0;  // the bound is shared out among them
  double relevant_per_unit = 16;
  Verdict verdict = Verdict::kInconclusive;  // does it leak, as it is or with a change?
  std::string headline;                      // one sentence
  Diagnostics diagnostics;
};

}  // namespace leaktrail
