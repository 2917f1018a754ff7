// The answer of `trail`: leak or not, whose, and the trail to it. JSON schema leaktrail.findings/1.
//
// The text says the verdict first, then the culprit and why, then what grows and who holds it; how
// it was worked out stays in --verbose and in the JSON.
#pragma once

#include <string>
#include <vector>

#include "analysis/findings.h"
#include "report/frame.h"

namespace leaktrail {

struct FindingsReport {
  std::vector<SnapshotInfo> snapshots;  // oldest first
  Findings findings;
  ReportNotes notes;  // of the files; the findings have diagnostics of their own
};

std::string FindingsText(const FindingsReport& report, const TextOptions& options);
void WriteFindingsJson(const FindingsReport& report, JsonWriter* json);

}  // namespace leaktrail
