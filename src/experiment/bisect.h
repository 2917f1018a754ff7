// Since which version does it leak?
//
//   NAME@GOOD..BAD   versions from npm ─▶ BAD, GOOD ─▶ halving ─▶ newer ones: good again?
//                                                │
//                                  leaks too? ─▶ older ones, further and further back ─▶ halving
//   two lock files   packages that differ ─▶ halving the set ─▶ the versions of the guilty one
//
// Each test is the service under load in a scratch copy of the project (scratch_project.h,
// bisect_tester.h); the user's folder is only read. Versions that do not install, start or become
// clear are searched around and said. What was tested before a run was stopped is not tested again
// (bisect_state.h).
//
// Cost: log2 of the versions and a few more tests of 10 to 25 s each.
// Threads: one at a time. Whatever happens, services are ended and the copy is removed.
#pragma once

#include <functional>
#include <string>

#include "analysis/bisection.h"
#include "base/progress.h"
#include "base/result.h"
#include "experiment/load.h"
#include "experiment/rounds.h"
#include "experiment/service.h"
#include "experiment/state_file.h"

namespace leaktrail {

struct BisectOptions {
  // One package …
  std::string package, good, bad;
  // … or two files.
  std::string old_lock, new_lock;

  ServiceOptions service;
  LoadRequest request;
  RoundsOptions rounds;
  size_t max_newer_tests = 6;  // for the version that is good again; 0: not sought
  // For a good version beyond the good end if that one leaks; 0: not sought.
  size_t max_beyond_tests = 12;
  EarlierResults earlier = EarlierResults::kUse;
  bool keeps_folder = false;
  std::function<void(const BisectTest&)> on_test;  // after each one
  ProgressSink* progress = nullptr;
  const CancelToken* cancel = nullptr;
};

Result<Bisection> BisectVersions(const BisectOptions& options);
Result<Bisection> BisectLocks(const BisectOptions& options);

// "@pm2/io@4.1.2..4.2.1". An error says how it is written.
struct BisectRange {
  std::string package, good, bad;
};
Result<BisectRange> ParseBisectRange(const std::string& text);

}  // namespace leaktrail
