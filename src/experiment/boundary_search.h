// Where in an ordered list does good turn into bad, and back? Asked as seldom as possible.
//
//   good   ·   ·   ·  ?  ·   ·   ·  bad          each question is a service under load for some
//    0                                n-1        seconds, or one that cannot be installed at all
//
// An answer may be missing: a version that does not install or start, or a measurement that stays
// unclear. Such a place is searched around. Nothing is assumed about the order of good and bad
// between the ends; what is found is a good place and a bad one with only unanswered ones between
// them, and where the history has a single change, that is this change (git bisect finds the same).
//
// Questions: FindBoundary asks at most 2 + ⌈log2(n - 1)⌉ times, and once or twice more for each
// answer that is missing.
// Threads: functions of their input.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace leaktrail {

enum class Answer : uint8_t { kGood, kBad, kUnclear, kSkipped };

// An error ends the search (interrupted; not a version that does not install).
using AskPlace = std::function<Result<Answer>(size_t place)>;

enum class BoundaryEnd : uint8_t {
  kFound,      // last_good and first_bad are neighbours
  kNarrowed,   // what is between them could not be told
  kGoodIsBad,  // the first place is bad already
  kBadIsGood,  // the last place is good
  kNoAnswer,   // at one of the ends
};

struct Boundary {
  BoundaryEnd end = BoundaryEnd::kNoAnswer;
  size_t last_good = 0, first_bad = 0;
  size_t questions = 0;
};

// `n` of at least 2. The last place is asked first: that nothing is bad at all is the most usual
// surprise. If the first place has no answer, kSearch asks the others for a good one; without any
// the end is kNoAnswer, and first_bad is the first bad place all the same.
enum class MissingFirst : uint8_t { kEnd, kSearch };
Result<Boundary> FindBoundary(size_t n, const AskPlace& ask,
                              MissingFirst missing_first = MissingFirst::kEnd);

enum class RecoveryEnd : uint8_t {
  kFound,     // first_good; what lies between it and last_bad is in `unanswered`
  kStillBad,  // the last place is bad
  kNotAsked,  // there is none, or too many questions would be needed
};

struct Recovery {
  RecoveryEnd end = RecoveryEnd::kNotAsked;
  std::optional<size_t> first_good,
      last_bad;           // none: the place before the first one is the bad one
  bool is_exact = false;  // nothing unanswered between them
  size_t questions = 0;
};

// The first good place of n that follow a bad one. Asks near to it first, then further and further
// away, since most mistakes are put right soon; at most `max_questions` times.
Result<Recovery> FindRecovery(size_t n, size_t max_questions, const AskPlace& ask);

// Of n changes, applied together bad and each left out good: which ones do it?
//
//   first k of them: good … good bad … bad      the k-th is needed for it (halving)
//   it alone: bad                               then it is the one
//   it alone: good                              then others are needed too: go on with it applied
//
// Asks log2(n) + 1 times for each guilty change.
using AskSet = std::function<Result<Answer>(const std::vector<size_t>& changes)>;

struct GuiltySet {
  BoundaryEnd end = BoundaryEnd::kNoAnswer;  // of the first search
  std::vector<size_t> changes;               // guilty together; kFound
  std::vector<size_t> suspects;              // one of them; kNarrowed
  bool is_confirmed = false;                 // `changes` without all others is bad
  size_t questions = 0;
};

Result<GuiltySet> FindGuiltyChanges(size_t n, const AskSet& ask);

}  // namespace leaktrail
