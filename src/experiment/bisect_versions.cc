#include "experiment/bisect_versions.h"

#include <fmt/format.h>

#include <algorithm>

#include "experiment/semver.h"

namespace leaktrail {
namespace {

// The range of versions that copies may be at to be changed.
void Widen(const std::string& version, PackageChange* change) {
  const auto v = ParseVersion(version);
  if (!v) return;
  if (change->low.empty() || *v < *ParseVersion(change->low)) change->low = version;
  if (change->high.empty() || *v > *ParseVersion(change->high)) change->high = version;
}

}  // namespace

Answer AnswerOf(BisectAnswer answer) {
  switch (answer) {
    case BisectAnswer::kGood:
      return Answer::kGood;
    case BisectAnswer::kBad:
      return Answer::kBad;
    case BisectAnswer::kUnclear:
      return Answer::kUnclear;
    case BisectAnswer::kSkipped:
      break;
  }
  return Answer::kSkipped;
}

BisectOutcome OutcomeOf(BoundaryEnd end) {
  switch (end) {
    case BoundaryEnd::kFound:
      return BisectOutcome::kFound;
    case BoundaryEnd::kNarrowed:
      return BisectOutcome::kNarrowed;
    case BoundaryEnd::kGoodIsBad:
      return BisectOutcome::kGoodLeaks;
    case BoundaryEnd::kBadIsGood:
      return BisectOutcome::kNoLeak;
    case BoundaryEnd::kNoAnswer:
      break;
  }
  return BisectOutcome::kNoAnswer;
}

Result<Answer> VersionSearch::Ask(const PublishedVersion& version, BisectRole role) {
  if (const auto known = known_.find(version.version); known != known_.end()) {
    return AnswerOf(known->second);
  }
  const VersionBisection& about = *out_->versions;
  PackageChange change;
  change.name = about.package;
  change.version = version.version;
  for (const std::string& v : {about.good, about.bad, version.version}) Widen(v, &change);
  std::vector<PackageChange> changes = held_;
  changes.push_back(std::move(change));
  BisectTest test;
  test.role = role;
  test.version = version.version;
  test.published = version.published;
  const Result<BisectAnswer> answer = tester_.Run(std::move(test), changes);
  if (!answer) return tl::unexpected(answer.error());
  return AnswerOf(*answer);
}

Result<void> VersionSearch::LookAbove(const std::vector<PublishedVersion>& newer) {
  VersionBisection& about = *out_->versions;
  about.newer = newer.size();
  if (about.seeks_fix || newer.empty() || options_.max_newer_tests == 0) return {};
  const Result<Recovery> recovery =
      FindRecovery(newer.size(), options_.max_newer_tests,
                   [&](size_t place) { return Ask(newer[place], BisectRole::kNewer); });
  if (!recovery) return tl::unexpected(recovery.error());
  about.still_bad = recovery->last_bad ? newer[*recovery->last_bad].version : about.bad;
  about.is_exactly_next = recovery->is_exact;
  switch (recovery->end) {
    case RecoveryEnd::kFound:
      about.recovery = VersionBisection::Recovery::kFound;
      about.good_again = newer[*recovery->first_good].version;
      break;
    case RecoveryEnd::kStillBad:
      about.recovery = VersionBisection::Recovery::kStillBad;
      break;
    case RecoveryEnd::kNotAsked:
      about.recovery = VersionBisection::Recovery::kNotFound;
      break;
  }
  return {};
}

Result<void> VersionSearch::Between(const std::string& package, const std::string& good,
                                    const std::string& bad) {
  if (options_.progress != nullptr) {
    options_.progress->Report(fmt::format("asking for the versions of {}", package), 0, 0);
  }
  Result<VersionRange> range =
      FindVersionsBetween(package, good, bad, {project_->original_root(), options_.cancel});
  if (!range) return tl::unexpected(range.error());
  const std::vector<PublishedVersion>& list = range->versions;
  VersionBisection& about = out_->versions.emplace();
  about.package = package;
  about.good = list.front().version;
  about.bad = list.back().version;
  about.seeks_fix = *ParseVersion(about.bad) < *ParseVersion(about.good);
  about.versions = list.size();
  about.pre_releases_left_out = range->pre_releases_left_out;
  const Result<Boundary> boundary = FindBoundary(list.size(), [&](size_t place) {
    return Ask(list[place], place == 0                 ? BisectRole::kGoodEnd
                            : place == list.size() - 1 ? BisectRole::kBadEnd
                                                       : BisectRole::kBetween);
  });
  if (!boundary) return tl::unexpected(boundary.error());
  about.outcome = OutcomeOf(boundary->end);
  if (about.outcome != BisectOutcome::kFound && about.outcome != BisectOutcome::kNarrowed) {
    return {};
  }
  about.last_good = list[boundary->last_good].version;
  about.first_bad = list[boundary->first_bad].version;
  for (size_t i = boundary->last_good + 1; i < boundary->first_bad; ++i) {
    about.between.push_back(list[i].version);
  }
  return LookAbove(range->newer);
}

}  // namespace leaktrail
