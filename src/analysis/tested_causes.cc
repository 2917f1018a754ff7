#include "analysis/tested_causes.h"

namespace leaktrail {

const char* CauseVerdictName(CauseVerdict verdict) {
  switch (verdict) {
    case CauseVerdict::kBaseline:
      return "baseline";
    case CauseVerdict::kCause:
      return "cause";
    case CauseVerdict::kPart:
      return "part";
    case CauseVerdict::kNotTheCause:
      return "not-cause";
    case CauseVerdict::kBringsIn:
      return "brings-in";
    case CauseVerdict::kInconclusive:
      return "inconclusive";
    case CauseVerdict::kFailed:
      return "failed";
  }
  return "";
}

const char* CauseVerdictText(CauseVerdict verdict) {
  switch (verdict) {
    case CauseVerdict::kBaseline:
      return "as it is";
    case CauseVerdict::kCause:
      return "cause confirmed";
    case CauseVerdict::kPart:
      return "part of it";
    case CauseVerdict::kNotTheCause:
      return "not the cause";
    case CauseVerdict::kBringsIn:
      return "brings a leak in";
    case CauseVerdict::kInconclusive:
      return "inconclusive";
    case CauseVerdict::kFailed:
      return "not measured";
  }
  return "";
}

}  // namespace leaktrail
