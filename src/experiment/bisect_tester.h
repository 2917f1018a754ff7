// One test of a bisection: install, start, load, and an answer.
//
//   ScratchProject::Install ─▶ Arm ─▶ verdict ─┬─ no leak ───────────────────────▶ good
//                                              ├─ leaks like the bad end ────────▶ bad
//                                              ├─ leaks a small part of that ────▶ good, and said
//                                              └─ inconclusive: once more, longer ▶ … or unclear
//
// The bad end is measured first and in full; what comes later is told apart by its growth. A
// version that leaks like it is believed after half of the load that a leak needs otherwise: that
// it is no cache filling has been shown at the bad end. One that grows by less than an eighth of it
// has another, slower leak, which is not the one that is sought.
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
#include "experiment/rounds.h"
#include "experiment/scratch_project.h"

namespace leaktrail {

class BisectTester {
 public:
  BisectTester(const BisectOptions& options, ScratchProject* project, Bisection* out)
      : options_(options), project_(project), out_(out) {}

  // Fills in the answer and what follows, and adds the test to the others. An error only if it was
  // interrupted.
  Result<BisectAnswer> Run(BisectTest test, std::span<const PackageChange> changes);

 private:
  Result<void> Measure(BisectTest* test, std::span<const PackageChange> changes);
  Result<RoundsState> RunArm(const std::string& label, const RoundsOptions& rounds) const;
  void Judge(const RoundsState& state, BisectTest* test);
  bool IsSettledEarly(const RoundsState& state) const;

  const BisectOptions& options_;
  ScratchProject* project_;
  Bisection* out_;
  // Of the bad end: where it grows, and how fast.
  std::optional<bool> grows_outside_heap_;
  double bad_rate_ = 0;
};

}  // namespace leaktrail
