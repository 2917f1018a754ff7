// The answer of `verify`: a row for each suspected cause, in five forms. JSON schema
// leaktrail.verify/1.
//
//   cause · how tested · result · verdict · note
//
// As a gate: in JUnit's form a leak, a confirmed cause and a change that brings a leak in are
// failures; what is open is skipped; what could not be measured is an error. What the gate lets
// pass is no failure. SARIF places each at its hypothesis in the plan.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "analysis/gate.h"
#include "analysis/tested_causes.h"
#include "report/frame.h"
#include "report/gate_text.h"
#include "report/junit.h"
#include "report/sarif.h"

namespace leaktrail {

struct VerifyReport {
  std::string plan;  // the file
  TestedCauses causes;
  std::optional<GateResult> gate;  // where a baseline or a threshold was given
  ReportNotes notes;
};

std::string VerifyText(const VerifyReport& report, const TextOptions& options);
void WriteVerifyJson(const VerifyReport& report, JsonWriter* json);
std::string VerifyMarkdown(const VerifyReport& report);
std::string VerifyHtml(const VerifyReport& report);
std::vector<JunitCase> VerifyCases(const VerifyReport& report);
std::vector<SarifRule> VerifyRules();
std::vector<SarifResult> VerifyResults(const VerifyReport& report);

// The cells of one row, the same in text, Markdown and HTML.
struct VerifyRow {
  std::string cause, how, result, verdict, note;
};
VerifyRow RowOf(const TestedArm& arm);
// "differences hold together with at most 1 % false alarms (4 comparisons)"
std::string ComparedText(const TestedCauses& causes);

}  // namespace leaktrail
