// Exit codes that come from a verdict.
#pragma once

#include "analysis/findings.h"

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

}  // namespace leaktrail
