// The part of a bisection that looks for a version of one package.
//
// Threads: one at a time.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "analysis/bisection.h"
#include "experiment/bisect.h"
#include "experiment/bisect_tester.h"
#include "experiment/boundary_search.h"
#include "experiment/npm_registry.h"

namespace leaktrail {

Answer AnswerOf(BisectAnswer answer);
BisectOutcome OutcomeOf(BoundaryEnd end);

class VersionSearch {
 public:
  VersionSearch(const BisectOptions& options, ScratchProject* project, BisectState* state,
                Bisection* out)
      : options_(options), project_(project), tester_(options, project, state, out), out_(out) {}

  // Fills in `versions` of the bisection. A good end that leaks is searched beyond, and ends that
  // are the other way round are taken so.
  Result<void> Between(const std::string& package, const std::string& good, const std::string& bad);

  // For a package that two lock files differ in: what else is held, and what is known already.
  void Hold(std::vector<PackageChange> others) { held_ = std::move(others); }
  void Know(const std::string& version, BisectAnswer answer) { known_[version] = answer; }
  BisectTester& tester() { return tester_; }

 private:
  Result<Answer> Ask(const PublishedVersion& version, BisectRole role);
  Result<BoundaryEnd> Search(const VersionRange& range);
  Result<void> LookBeyond(const std::vector<PublishedVersion>& beyond);
  Result<void> LookAbove(const std::vector<PublishedVersion>& newer);
  Result<bool> IsOtherWayRound(const VersionRange& range);

  const BisectOptions& options_;
  ScratchProject* project_;
  BisectTester tester_;
  Bisection* out_;
  std::vector<PackageChange> held_;
  std::map<std::string, BisectAnswer> known_;
};

}  // namespace leaktrail
