#include "experiment/bisect_versions.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "experiment/lock_tree.h"
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
  known_[version.version] = *answer;
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

// The good end leaks: further and further away from it there may be one that does not.
Result<void> VersionSearch::LookBeyond(const std::vector<PublishedVersion>& beyond) {
  VersionBisection& about = *out_->versions;
  about.good_end_leaks = true;
  about.beyond_count = beyond.size();
  about.beyond_bad = about.good;
  if (beyond.empty() || options_.max_beyond_tests == 0) return {};
  const Result<Recovery> found =
      FindRecovery(beyond.size(), options_.max_beyond_tests,
                   [&](size_t place) { return Ask(beyond[place], BisectRole::kBeyond); });
  if (!found) return tl::unexpected(found.error());
  if (found->last_bad) about.beyond_bad = beyond[*found->last_bad].version;
  switch (found->end) {
    case RecoveryEnd::kFound: {
      about.beyond = VersionBisection::Recovery::kFound;
      about.outcome = found->is_exact ? BisectOutcome::kFound : BisectOutcome::kNarrowed;
      about.last_good = beyond[*found->first_good].version;
      about.first_bad = about.beyond_bad;
      const size_t after_bad = found->last_bad ? *found->last_bad + 1 : 0;
      for (size_t i = *found->first_good; i-- > after_bad;) {
        about.between.push_back(beyond[i].version);
      }
      break;
    }
    case RecoveryEnd::kStillBad:
      about.beyond = VersionBisection::Recovery::kStillBad;
      break;
    case RecoveryEnd::kNotAsked:
      about.beyond = VersionBisection::Recovery::kNotFound;
      break;
  }
  return {};
}

Result<BoundaryEnd> VersionSearch::Search(const VersionRange& range) {
  const std::vector<PublishedVersion>& list = range.versions;
  VersionBisection& about = *out_->versions;
  about.good = list.front().version;
  about.bad = list.back().version;
  about.seeks_fix = *ParseVersion(about.bad) < *ParseVersion(about.good);
  about.versions = list.size();
  about.pre_releases_left_out = range.pre_releases_left_out;
  const Result<Boundary> boundary = FindBoundary(
      list.size(),
      [&](size_t place) {
        return Ask(list[place], place == 0                 ? BisectRole::kGoodEnd
                                : place == list.size() - 1 ? BisectRole::kBadEnd
                                                           : BisectRole::kBetween);
      },
      MissingFirst::kSearch);
  if (!boundary) return tl::unexpected(boundary.error());
  about.outcome = OutcomeOf(boundary->end);
  if (boundary->first_bad > 0) about.first_bad = list[boundary->first_bad].version;
  if (about.outcome == BisectOutcome::kFound || about.outcome == BisectOutcome::kNarrowed) {
    about.last_good = list[boundary->last_good].version;
    for (size_t i = boundary->last_good + 1; i < boundary->first_bad; ++i) {
      about.between.push_back(list[i].version);
    }
  }
  return boundary->end;
}

// The bad end does not leak; does the good one?
Result<bool> VersionSearch::IsOtherWayRound(const VersionRange& range) {
  const Result<Answer> good = Ask(range.versions.front(), BisectRole::kGoodEnd);
  if (!good) return tl::unexpected(good.error());
  return *good == Answer::kBad;
}

Result<void> VersionSearch::Between(const std::string& package, const std::string& good,
                                    const std::string& bad) {
  if (options_.progress != nullptr) {
    options_.progress->Report(fmt::format("asking for the versions of {}", package), 0, 0);
  }
  const Result<std::vector<PublishedVersion>> all =
      FindVersions(package, {project_->original_root(), options_.cancel});
  if (!all) return tl::unexpected(all.error());
  Result<VersionRange> range = SelectVersions(package, good, bad, *all);
  if (!range) return tl::unexpected(range.error());
  VersionBisection& about = out_->versions.emplace();
  about.package = package;
  Result<BoundaryEnd> end = Search(*range);
  if (!end) return tl::unexpected(end.error());
  if (*end == BoundaryEnd::kBadIsGood) {
    const Result<bool> is_other_way_round = IsOtherWayRound(*range);
    if (!is_other_way_round) return tl::unexpected(is_other_way_round.error());
    if (*is_other_way_round) {
      range = SelectVersions(package, bad, good, *all);
      if (!range) return tl::unexpected(range.error());
      about.ends_swapped = true;
      end = Search(*range);
      if (!end) return tl::unexpected(end.error());
    } else {
      const std::string installed =
          fmt::format("{}", fmt::join(VersionsOf(project_->locked(), package), ", "));
      if (installed != about.bad && installed != about.good) about.installed = installed;
    }
  }
  if (*end == BoundaryEnd::kGoodIsBad) {
    if (Result<void> looked = LookBeyond(range->beyond); !looked) return looked;
  }
  // Which newer one does not leak is worth knowing wherever the bad end does.
  const bool bad_end_leaks = !about.first_bad.empty() || about.good_end_leaks;
  return bad_end_leaks ? LookAbove(range->newer) : Result<void>{};
}

}  // namespace leaktrail
