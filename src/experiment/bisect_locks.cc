// Which of the packages that differ between two lock files brings the leak in.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "experiment/bisect.h"
#include "experiment/bisect_state.h"
#include "experiment/bisect_versions.h"
#include "experiment/lock_tree.h"
#include "experiment/scratch_project.h"
#include "experiment/semver.h"

namespace leaktrail {
namespace {

using Clock = std::chrono::steady_clock;

// A package at other versions in the new file.
struct Unit {
  std::string name;
  std::vector<std::string> before, after;
  std::string own_before, own_after;  // of the project's own copy, else of the only one
};

std::string OwnVersion(const LockTree& tree, const std::string& name) {
  for (const LockedPackage& p : tree) {
    if (p.path == "node_modules/" + name) return p.version;
  }
  const std::vector<std::string> all = VersionsOf(tree, name);
  return all.size() == 1 ? all.front() : "";
}

Result<std::string> ReadLock(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (in) return std::string(std::istreambuf_iterator<char>(in), {});
  return Fail(ErrorKind::kEnvironment, fmt::format("cannot read the lock file {}", path));
}

VersionChange ShownChange(const Unit& unit) {
  return {unit.name, fmt::format("{}", fmt::join(unit.before, ", ")),
          fmt::format("{}", fmt::join(unit.after, ", "))};
}

class LockSearch {
 public:
  LockSearch(const BisectOptions& options, Bisection* out) : options_(options), out_(out) {}

  Result<void> Run();

 private:
  Result<void> ReadFiles();
  Result<void> Search();
  Result<Answer> AskSet(const std::vector<size_t>& set);
  std::vector<PackageChange> ChangesOf(const std::vector<size_t>& set) const;
  Result<void> LookForVersion(size_t guilty);

  const BisectOptions& options_;
  Bisection* out_;
  std::unique_ptr<ScratchProject> project_;
  std::optional<BisectState> state_;
  std::unique_ptr<VersionSearch> search_;
  std::string old_text_, new_text_;
  std::vector<Unit> units_;
};

Result<void> LockSearch::ReadFiles() {
  LockBisection& about = out_->locks.emplace();
  about.old_file = options_.old_lock;
  about.new_file = options_.new_lock;
  Result<std::string> old_text = ReadLock(about.old_file), new_text = ReadLock(about.new_file);
  if (!old_text) return tl::unexpected(old_text.error());
  if (!new_text) return tl::unexpected(new_text.error());
  old_text_ = std::move(*old_text);
  new_text_ = std::move(*new_text);
  const Result<LockTree> before = ParseLock(old_text_, about.old_file);
  const Result<LockTree> after = ParseLock(new_text_, about.new_file);
  if (!before) return tl::unexpected(before.error());
  if (!after) return tl::unexpected(after.error());
  std::set<std::string> names;
  for (const LockTree* tree : {&*before, &*after}) {
    for (const LockedPackage& p : *tree) names.insert(p.name);
  }
  for (const std::string& name : names) {
    Unit unit{name, VersionsOf(*before, name), VersionsOf(*after, name), OwnVersion(*before, name),
              OwnVersion(*after, name)};
    if (unit.before == unit.after) continue;
    if (unit.before.empty()) {
      ++about.come;
    } else if (unit.after.empty()) {
      ++about.gone;
    } else {
      units_.push_back(std::move(unit));
    }
  }
  about.differing = units_.size();
  if (!units_.empty()) return {};
  return Fail(ErrorKind::kUsage, fmt::format("{} and {} have the same versions of all packages; "
                                             "name the lock file of before the leak and the one "
                                             "of now",
                                             about.old_file, about.new_file));
}

std::vector<PackageChange> LockSearch::ChangesOf(const std::vector<size_t>& set) const {
  std::vector<PackageChange> changes;
  for (size_t i = 0; i < units_.size(); ++i) {
    const bool is_new = std::find(set.begin(), set.end(), i) != set.end();
    PackageChange change;
    change.name = units_[i].name;
    change.version = is_new ? units_[i].own_after : units_[i].own_before;
    change.side = is_new ? LockSide::kDonor : LockSide::kBase;
    changes.push_back(std::move(change));
  }
  return changes;
}

Result<Answer> LockSearch::AskSet(const std::vector<size_t>& set) {
  BisectTest test;
  test.role = set.empty()                   ? BisectRole::kGoodEnd
              : set.size() == units_.size() ? BisectRole::kBadEnd
                                            : BisectRole::kSet;
  for (const size_t i : set) test.changes.push_back(ShownChange(units_[i]));
  const Result<BisectAnswer> answer = search_->tester().Run(std::move(test), ChangesOf(set));
  if (!answer) return tl::unexpected(answer.error());
  return AnswerOf(*answer);
}

// The guilty package alone at the versions between, where npm has some.
Result<void> LockSearch::LookForVersion(size_t guilty) {
  const Unit& unit = units_[guilty];
  const bool has_one_version = unit.before.size() == 1 && unit.after.size() == 1 &&
                               ParseVersion(unit.before[0]) && ParseVersion(unit.after[0]);
  if (!has_one_version) return {};
  std::vector<PackageChange> others = ChangesOf({});
  others.erase(others.begin() + static_cast<std::ptrdiff_t>(guilty));
  search_->Hold(std::move(others));
  search_->Know(unit.before[0], BisectAnswer::kGood);
  search_->Know(unit.after[0], BisectAnswer::kBad);
  return search_->Between(unit.name, unit.before[0], unit.after[0]);
}

Result<void> LockSearch::Run() {
  if (Result<void> read = ReadFiles(); !read) return read;
  if (options_.progress != nullptr) options_.progress->Report("copying the project", 0, 0);
  Result<std::unique_ptr<ScratchProject>> project =
      ScratchProject::Make({options_.service.folder, options_.cancel});
  if (!project) return tl::unexpected(project.error());
  project_ = std::move(*project);
  if (options_.keeps_folder) {
    project_->Keep();
    out_->kept_folder = project_->root();
  }
  if (Result<void> used = project_->UseLocks(old_text_, new_text_); !used) return used;
  Result<BisectState> state =
      BisectState::Open(DefinitionOf(options_, old_text_ + "\n" + new_text_),
                        project_->original_root(), options_.earlier);
  if (!state) return tl::unexpected(state.error());
  state_ = std::move(*state);
  search_ = std::make_unique<VersionSearch>(options_, project_.get(), &*state_, out_);
  if (Result<void> searched = Search(); !searched) {
    return tl::unexpected(WithWhatIsKept(searched.error(), *state_));
  }
  Answered(&*state_, out_);
  return {};
}

Result<void> LockSearch::Search() {
  LockBisection& about = *out_->locks;
  const Result<GuiltySet> found =
      FindGuiltyChanges(units_.size(), [&](const std::vector<size_t>& set) { return AskSet(set); });
  if (!found) return tl::unexpected(found.error());
  about.outcome = OutcomeOf(found->end);
  about.is_confirmed = found->is_confirmed;
  for (const size_t i : found->changes) about.guilty.push_back(ShownChange(units_[i]));
  for (const size_t i : found->suspects) about.suspects.push_back(ShownChange(units_[i]));
  if (found->changes.size() != 1 || !found->is_confirmed) return {};
  return LookForVersion(found->changes.front());
}

}  // namespace

Result<Bisection> BisectLocks(const BisectOptions& options) {
  const Clock::time_point begin = Clock::now();
  Bisection out;
  out.false_alarm_bound = options.rounds.false_alarm_bound;
  LockSearch search(options, &out);
  if (Result<void> ran = search.Run(); !ran) return tl::unexpected(ran.error());
  out.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  return out;
}

}  // namespace leaktrail
