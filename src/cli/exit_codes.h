// Exit codes that come from a verdict.
#pragma once

#include "analysis/findings.h"
#include "report/findings_report.h"
#include "report/verify_report.h"

namespace leaktrail {

constexpr int ExitCodeOf(Verdict verdict) {
  switch (verdict) {
    case Verdict::kLeak:
      return 1;
    case Verdict::kNoLeak:
      return 0;
    case Verdict::kInconclusive:
      return 5;
  }
  return 5;
}

// What passes a gate is fine, whatever it is.
inline int ExitCodeOf(const FindingsReport& report) {
  return report.gate && report.gate->passed() ? 0 : ExitCodeOf(report.findings.verdict);
}

inline int ExitCodeOf(const VerifyReport& report) {
  return report.gate && report.gate->passed() ? 0 : ExitCodeOf(report.causes.verdict);
}

}  // namespace leaktrail
