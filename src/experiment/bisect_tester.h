// One test of a bisection: install, start, load, and an answer.
//
//   ScratchProject::Install ─▶ Arm ─▶ verdict ─┬─ no leak ───────────────────────▶ good
//                                              ├─ leaks like the bad end ────────▶ bad
//                                              ├─ leaks a small part of that ────▶ good, and said
//                                              └─ inconclusive: once more, longer ▶ … or unclear
//
// The bad end is measured first and in full; what comes later is told apart by its growth, after
// half of the load that a leak needs otherwise: that it is no cache filling, and begins at once,
// has been shown at the bad end. What grows by less than an eighth of it (if it stays inconclusive,
// by less than a quarter) is none or another, slower leak, which is not the one that is sought.
//
// Cost: 10 to 25 s each, and as long again for one that stays inconclusive.
// Threads: one at a time.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>

#include "analysis/bisection.h"
#include "experiment/bisect.h"
#include "experiment/bisect_state.h"
#include "experiment/rounds.h"
#include "experiment/scratch_project.h"

namespace leaktrail {

class BisectTester {
 public:
  // `state` knows the tests of a stopped run and gets those of this one.
  BisectTester(const BisectOptions& options, ScratchProject* project, BisectState* state,
               Bisection* out)
      : options_(options), project_(project), state_(state), out_(out) {}

  // Fills in the answer and what follows, and adds the test to the others. An error if it was
  // interrupted, or if what is wrong would be wrong with every version: no network, a port in use.
  Result<BisectAnswer> Run(BisectTest test, std::span<const PackageChange> changes);

 private:
  bool TakeKept(std::span<const PackageChange> changes, BisectTest* test);
  void Keep(std::span<const PackageChange> changes, const BisectTest& test);
  Result<void> Measure(BisectTest* test, std::span<const PackageChange> changes);
  Result<RoundsState> RunArm(const std::string& label, const RoundsOptions& rounds) const;
  void Judge(const RoundsState& state, BisectTest* test);
  bool IsSettledEarly(const RoundsState& state) const;

  const BisectOptions& options_;
  ScratchProject* project_;
  BisectState* state_;
  Bisection* out_;
  bool cannot_keep_ = false;  // said once
  // Of the bad end: where it grows, and how fast.
  std::optional<bool> grows_outside_heap_;
  double bad_rate_ = 0;
};

}  // namespace leaktrail
