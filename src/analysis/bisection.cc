#include "analysis/bisection.h"

namespace leaktrail {

const char* BisectOutcomeName(BisectOutcome outcome) {
  switch (outcome) {
    case BisectOutcome::kFound:
      return "found";
    case BisectOutcome::kNarrowed:
      return "narrowed";
    case BisectOutcome::kGoodLeaks:
      return "good_leaks";
    case BisectOutcome::kNoLeak:
      return "no_leak";
    case BisectOutcome::kNoAnswer:
      break;
  }
  return "no_answer";
}

const char* BisectAnswerName(BisectAnswer answer) {
  switch (answer) {
    case BisectAnswer::kGood:
      return "good";
    case BisectAnswer::kBad:
      return "bad";
    case BisectAnswer::kUnclear:
      return "unclear";
    case BisectAnswer::kSkipped:
      break;
  }
  return "skipped";
}

const char* BisectRoleName(BisectRole role) {
  switch (role) {
    case BisectRole::kBadEnd:
      return "bad_end";
    case BisectRole::kGoodEnd:
      return "good_end";
    case BisectRole::kBetween:
      return "between";
    case BisectRole::kNewer:
      return "newer";
    case BisectRole::kBeyond:
      return "beyond";
    case BisectRole::kSet:
      break;
  }
  return "set";
}

const char* RecoveryName(VersionBisection::Recovery recovery) {
  switch (recovery) {
    case VersionBisection::Recovery::kFound:
      return "found";
    case VersionBisection::Recovery::kStillBad:
      return "still_bad";
    case VersionBisection::Recovery::kNotFound:
      return "not_found";
    case VersionBisection::Recovery::kNotSought:
      break;
  }
  return "not_sought";
}

// A set that is found but cannot be split further is found; the versions then only add to it.
BisectOutcome Bisection::outcome() const {
  if (locks) return locks->outcome;
  return versions ? versions->outcome : BisectOutcome::kNoAnswer;
}

}  // namespace leaktrail
