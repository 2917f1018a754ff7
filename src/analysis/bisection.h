// What `bisect` found out: the tests in the order in which they were made, and what follows.
// Plain values; the renderings (text, JSON schema leaktrail.bisect/1) print them as they stand.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "analysis/findings.h"
#include "base/diagnostic.h"

namespace leaktrail {

// A package at other versions than before. Several versions are joined by ", "; "" is none.
struct VersionChange {
  std::string package, before, after;
};

enum class BisectAnswer : uint8_t { kGood, kBad, kUnclear, kSkipped };

enum class BisectRole : uint8_t {
  kBadEnd,
  kGoodEnd,
  kBetween,
  kNewer,   // than the bad end: is it good again?
  kBeyond,  // the good end, which leaks: is it good there?
  kSet,     // of the packages that differ between two lock files
};

// One service under load with something at another version.
struct BisectTest {
  BisectRole role = BisectRole::kBetween;
  std::string version;                 // of the package; "" for a set
  std::string published;               // "" if not known
  std::vector<VersionChange> changes;  // of a set: what is at the new lock file's version
  BisectAnswer answer = BisectAnswer::kSkipped;
  std::string
      reason;  // why there is no answer, or why it is another than the verdict; one sentence

  // Unless it was skipped.
  Verdict verdict = Verdict::kInconclusive;
  bool is_outside_heap = false;  // the memory that the growth is of
  double per_request = 0, low = 0, high = 0;
  uint64_t requests = 0;

  std::vector<VersionChange> others;      // that had to change with it
  std::vector<std::string> deprecations;  // what the authors say of it
  double seconds = 0;                     // installing, starting and load
  bool is_kept = false;                   // all of that was in an earlier run, which was stopped
};

enum class BisectOutcome : uint8_t {
  kFound,      // the first bad version, and the last good one right before it
  kNarrowed,   // some versions between them could not be told
  kGoodLeaks,  // the good end leaks already
  kNoLeak,     // the bad end does not leak
  kNoAnswer,   // an end could not be told
};
// "found", "narrowed", "good_leaks", "no_leak", "no_answer"
const char* BisectOutcomeName(BisectOutcome outcome);
// "good", "bad", "unclear", "skipped"
const char* BisectAnswerName(BisectAnswer answer);
// "bad_end", "good_end", "between", "newer", "beyond", "set"
const char* BisectRoleName(BisectRole role);

// Which package of those that differ between two lock files.
struct LockBisection {
  std::string old_file, new_file;
  size_t differing = 0;                 // packages at other versions
  size_t come = 0, gone = 0;            // packages that only one of them has
  std::vector<VersionChange> guilty;    // together
  std::vector<VersionChange> suspects;  // where it could not be told: one of them
  bool is_confirmed = false;  // the guilty ones alone, all others at the old version, leak
  BisectOutcome outcome = BisectOutcome::kNoAnswer;
};

// Which version of one package.
struct VersionBisection {
  std::string package;
  std::string good, bad;  // the ends
  // The good end is the newer one: what is sought is the version that put things right.
  bool seeks_fix = false;
  // The named ends were the other way round: the one named as bad does not leak, the other does.
  bool ends_swapped = false;
  // What the project has installed, if that is another version than the bad end.
  std::string installed;
  BisectOutcome outcome = BisectOutcome::kNoAnswer;
  std::string last_good, first_bad;
  std::vector<std::string> between;  // of these: could not be told
  size_t versions = 0;               // in the range
  size_t pre_releases_left_out = 0;

  enum class Recovery : uint8_t { kNotSought, kFound, kStillBad, kNotFound };
  // The good end leaks too, so versions beyond it (older ones, or newer ones if a fix is sought)
  // were tested for one that does not. If one was found, last_good and first_bad are beyond too.
  bool good_end_leaks = false;
  Recovery beyond = Recovery::kNotSought;
  size_t beyond_count = 0;  // versions there
  std::string beyond_bad;   // the farthest one that was seen to leak; the good end if none was

  // Above the bad end.
  Recovery recovery = Recovery::kNotSought;
  size_t newer = 0;             // versions there
  std::string good_again;       // kFound
  std::string still_bad;        // the newest one that was seen to leak
  bool is_exactly_next = true;  // good_again follows on still_bad
};
const char* RecoveryName(VersionBisection::Recovery recovery);

struct Bisection {
  std::optional<LockBisection> locks;
  std::optional<VersionBisection> versions;
  std::vector<BisectTest> tests;
  double seconds = 0;
  double false_alarm_bound = 0.01;
  double oldest_kept_seconds = 0;  // ago, of the tests that a stopped run had made
  std::string kept_folder;         // "" if it is gone
  Diagnostics diagnostics;

  BisectOutcome outcome() const;
};

}  // namespace leaktrail
