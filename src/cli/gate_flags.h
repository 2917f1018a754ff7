// Flags of a verb that can stand as a gate in CI: what passes, and in which files the answer is
// left.
//
// The files are checked before the work and written after it, also where the work failed, so that
// a CI system has something to show.
#pragma once

#include <string>

#include "analysis/causes_gate.h"
#include "analysis/gate.h"
#include "base/result.h"
#include "cli/command_line.h"
#include "report/findings_report.h"
#include "report/verify_report.h"

namespace leaktrail {

struct GateArguments {
  std::string baseline, threshold;
  std::string junit, sarif, markdown;
};

// `unit` of the threshold: "request", "snapshot".
void AddGateFlags(Verb* verb, GateArguments* arguments, const std::string& unit);

// Whether the answer is judged by more than its verdict.
bool HasGate(const GateArguments& arguments);
// Reads the baseline and the threshold, and looks whether the files can be written.
Result<GateOptions> ReadGate(const GateArguments& arguments);

// The same for verify.
Result<CausesGateOptions> ReadCausesGate(const GateArguments& arguments);

// An error if it cannot be written; "" is none. Before minutes of work, not after them.
Result<void> CheckWritable(const std::string& file);

// A report without the contents of a heap: whoever the umask lets may read it.
Result<void> WriteReportFile(const std::string& file, const std::string& text);

// `verb` is "find" or "trail"; `subject` what it looked at.
Result<void> WriteGateFiles(const GateArguments& arguments, const std::string& verb,
                            const std::string& subject, const FindingsReport& report);
Result<void> WriteGateFiles(const GateArguments& arguments, const VerifyReport& report);
// There is no answer, and why. What cannot be written is passed over: the reason matters more.
void WriteGateFailure(const GateArguments& arguments, const std::string& verb,
                      const std::string& subject, const Error& error);

}  // namespace leaktrail
