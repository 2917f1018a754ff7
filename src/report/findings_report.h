// The answer of `trail`: leak or not, whose, and the trail to it. JSON schema leaktrail.findings/1.
//
// The text says the verdict first, then the culprit and why, then what grows and who holds it; how
// it was worked out stays in --verbose and in the JSON.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "analysis/findings.h"
#include "analysis/gate.h"
#include "report/frame.h"
#include "report/gate_text.h"

namespace leaktrail {

struct FindingsReport {
  std::vector<SnapshotInfo> snapshots;  // oldest first
  Findings findings;
  ReportNotes notes;               // of the files; the findings have diagnostics of their own
  std::optional<GateResult> gate;  // if one was asked for
};

std::string FindingsText(const FindingsReport& report, const TextOptions& options);
// "Leak in @pm2/io@4.2.1: +420 kB per second (+379 kB to +444 kB)".
std::string FindingsHeadline(const Findings& findings);
void WriteFindingsJson(const FindingsReport& report, JsonWriter* json);

}  // namespace leaktrail
