#include "experiment/scratch_project.h"

#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <set>

#include "experiment/lock_mix.h"
#include "experiment/npm.h"
#include "experiment/project_copy.h"
#include "experiment/remove_tree.h"
#include "experiment/semver.h"

namespace leaktrail {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr std::string_view kPrefix = "leaktrail-scratch-";
constexpr const char* kLockNames[] = {"npm-shrinkwrap.json", "package-lock.json"};
constexpr std::array<uint64_t, 3> kFirstNpmWithOverrides = {8, 3, 0};

std::string TemporaryFolder() {
  const char* base = std::getenv("TMPDIR");
  return base != nullptr && *base != '\0' ? base : "/tmp";
}

Result<std::string> ReadText(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) {
    return Fail(ErrorKind::kEnvironment,
                fmt::format("cannot read {}: {}", path, std::strerror(errno)));
  }
  return std::string(std::istreambuf_iterator<char>(in), {});
}

Result<void> WriteText(const std::string& path, const std::string& text) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << text;
  out.close();
  if (out) return {};
  return Fail(ErrorKind::kEnvironment, fmt::format("cannot write {}: {}; name another folder for "
                                                   "temporary files with TMPDIR",
                                                   path, std::strerror(errno)));
}

bool HasWorkspaces(const fs::path& folder) {
  const Result<std::string> text = ReadText((folder / "package.json").string());
  return text && ManifestHasWorkspaces(*text);
}

std::string ReplacedAll(std::string text, const std::string& from, const std::string& to) {
  for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    const size_t end = at + from.size();
    const bool is_whole = end == text.size() || text[end] == '/' || text[end] == ':';
    const bool begins = at == 0 || text[at - 1] != '/';
    if (is_whole && begins) {
      text.replace(at, from.size(), to);
    } else {
      at = end - to.size();
    }
  }
  return text;
}

// A folder of ours: as long as the file "owner" in it is locked, somebody works there.
class ScratchFolder {
 public:
  ScratchFolder() = default;
  ~ScratchFolder() {
    if (owner_ >= 0 && kept_) unlink((path_ + "/owner").c_str());
    if (!path_.empty() && !kept_) RemoveTree(path_);
    if (owner_ >= 0) close(owner_);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  Result<void> Make() {
    std::string name = TemporaryFolder() + "/" + std::string(kPrefix) + "XXXXXX";
    if (mkdtemp(name.data()) == nullptr) {
      return Fail(ErrorKind::kEnvironment,
                  fmt::format("cannot make a scratch folder in {}: {}; name another with TMPDIR",
                              TemporaryFolder(), std::strerror(errno)));
    }
    path_ = name;
    owner_ = open((path_ + "/owner").c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (owner_ >= 0) flock(owner_, LOCK_EX | LOCK_NB);
    return {};
  }
  void Keep() { kept_ = true; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  int owner_ = -1;
  bool kept_ = false;
};

class NpmScratchProject : public ScratchProject {
 public:
  explicit NpmScratchProject(const ScratchOptions& options) : options_(options) {}

  Result<void> Prepare();
  Result<InstallReport> Install(std::span<const PackageChange> changes) override;
  Result<void> UseLocks(const std::string& base_text, const std::string& donor_text) override;
  const LockTree& locked() const override { return locked_; }
  std::string DirectSpec(const std::string& name) const override {
    return FindDirectSpec(manifest_, name);
  }
  const std::string& original_root() const override { return original_root_; }
  const std::string& root() const override { return root_; }
  const std::string& folder() const override { return folder_; }
  std::vector<std::string> CommandHere(const std::vector<std::string>& command) const override;
  std::vector<std::string> EnvironmentHere() const override;
  void Keep() override { scratch_.Keep(); }

 private:
  Result<CommandResult> Npm(const std::vector<std::string>& arguments) const;
  Result<void> CheckNpm();
  Result<void> CopySources();
  Result<void> MakeLock();
  Result<std::vector<ManifestChange>> Plan(std::span<const PackageChange> changes) const;
  bool OwnCopyIsMeant(const std::string& name, const std::string& low,
                      const std::string& high) const;
  Result<void> WriteProject(std::span<const PackageChange> changes);
  Result<void> RunInstall(std::span<const PackageChange> changes);
  Result<InstallReport> Check(std::span<const PackageChange> changes) const;
  Result<void> CheckSide(const PackageChange& change, const LockTree& now) const;
  bool ModulesAgree(const LockTree& lock) const;

  const ScratchOptions options_;
  ScratchFolder scratch_;
  std::string original_root_, root_, folder_;
  std::string npm_version_;
  std::string manifest_;               // text of package.json
  std::string lock_name_, lock_text_;  // the state that changes start from
  std::string donor_text_;
  LockTree locked_, donor_;
  std::vector<std::string> notes_;
};

Result<CommandResult> NpmScratchProject::Npm(const std::vector<std::string>& arguments) const {
  return RunNpm(arguments, {root_.empty() ? original_root_ : root_, options_.cancel});
}

Result<void> NpmScratchProject::CheckNpm() {
  Result<CommandResult> result = Npm({"--version"});
  if (!result) return tl::unexpected(result.error());
  npm_version_ = result->output.substr(0, result->output.find_first_of("\r\n"));
  if (result->exit_code == 0 && ParseVersion(npm_version_)) return {};
  return Fail(ErrorKind::kEnvironment,
              fmt::format("npm --version fails: {}", NpmComplaint(*result)));
}

Result<void> NpmScratchProject::Prepare() {
  std::error_code error;
  const fs::path here = fs::canonical(
      options_.folder.empty() ? fs::current_path(error) : fs::path(options_.folder), error);
  if (error) {
    return Fail(ErrorKind::kEnvironment,
                fmt::format("cannot open the folder {}: {}", options_.folder, error.message()));
  }
  Result<std::string> root = FindProjectRoot(here.string());
  if (!root) return tl::unexpected(root.error());
  original_root_ = *root;
  if (Result<void> checked = CheckNpm(); !checked) return checked;
  Result<std::string> manifest = ReadText(original_root_ + "/package.json");
  if (!manifest) return tl::unexpected(manifest.error());
  manifest_ = std::move(*manifest);
  if (Result<void> valid = CheckManifest(manifest_, original_root_ + "/package.json"); !valid) {
    return valid;
  }
  lock_name_ = kLockNames[1];
  for (const char* name : kLockNames) {
    if (!fs::exists(fs::path(original_root_) / name)) continue;
    Result<std::string> text = ReadText(original_root_ + "/" + name);
    if (!text) return tl::unexpected(text.error());
    lock_name_ = name;
    lock_text_ = std::move(*text);
    break;
  }
  if (!lock_text_.empty()) {
    Result<LockTree> tree = ParseLock(lock_text_, original_root_ + "/" + lock_name_);
    if (!tree) return tl::unexpected(tree.error());
    locked_ = std::move(*tree);
  }
  if (Result<void> made = scratch_.Make(); !made) return made;
  if (Result<void> copied = CopySources(); !copied) return copied;
  if (options_.installed != nullptr) {
    fs::copy(fs::path(options_.installed->root()) / "node_modules",
             fs::path(root_) / "node_modules",
             fs::copy_options::recursive | fs::copy_options::copy_symlinks, error);
    if (error) RemoveTree(root_ + "/node_modules");  // npm installs it all
  }
  const fs::path below = here.lexically_relative(original_root_);
  folder_ = (fs::path(root_) / below).lexically_normal().string();
  while (folder_.size() > 1 && (folder_.ends_with("/.") || folder_.ends_with('/'))) {
    folder_.resize(folder_.size() - (folder_.ends_with('/') ? 1 : 2));
  }
  return lock_text_.empty() ? MakeLock() : Result<void>{};
}

// Folders beside the project that it depends on have to lie beside the copy as well.
Result<void> NpmScratchProject::CopySources() {
  const std::vector<std::string> outside = FindFoldersOutside(lock_text_);
  size_t depth = 1;
  for (const std::string& path : outside) {
    size_t ups = 0;
    for (const fs::path& part : fs::path(path)) ups += part == ".." ? 1 : 0;
    depth = std::max(depth, ups);
  }
  fs::path parent = fs::path(scratch_.path()) / "tree";
  for (size_t i = 1; i < depth; ++i) parent /= "in";
  root_ = (parent / fs::path(original_root_).filename()).string();
  if (Result<void> copied = CopyProject(original_root_, root_, options_.cancel); !copied) {
    return copied;
  }
  for (const std::string& path : outside) {
    const fs::path from = (fs::path(original_root_) / path).lexically_normal();
    if (!fs::is_directory(from)) continue;
    const std::string to = (fs::path(root_) / path).lexically_normal().string();
    if (Result<void> copied = CopyProject(from.string(), to, options_.cancel); !copied) {
      return copied;
    }
  }
  return {};
}

// Without a lock file there is nothing to hold the other packages, so we make one now.
Result<void> NpmScratchProject::MakeLock() {
  Result<CommandResult> result =
      Npm({"install", "--package-lock-only", "--ignore-scripts", "--package-lock=true"});
  if (!result) return tl::unexpected(result.error());
  if (result->exit_code != 0 || result->timed_out) {
    return Fail(ErrorKind::kEnvironment,
                fmt::format("{} has no package-lock.json and npm cannot make one: {}",
                            original_root_, NpmComplaint(*result)));
  }
  Result<std::string> text = ReadText(root_ + "/" + lock_name_);
  if (!text) return tl::unexpected(text.error());
  lock_text_ = std::move(*text);
  Result<LockTree> tree = ParseLock(lock_text_, "the package-lock.json that npm made");
  if (!tree) return tl::unexpected(tree.error());
  locked_ = std::move(*tree);
  notes_.push_back(
      "the project has no package-lock.json; the other packages are held at the versions that npm "
      "would install today");
  return {};
}

Result<void> NpmScratchProject::UseLocks(const std::string& base_text,
                                         const std::string& donor_text) {
  Result<LockTree> base = ParseLock(base_text, "the old lock file");
  if (!base) return tl::unexpected(base.error());
  Result<LockTree> donor = ParseLock(donor_text, "the new lock file");
  if (!donor) return tl::unexpected(donor.error());
  lock_text_ = base_text;
  donor_text_ = donor_text;
  locked_ = std::move(*base);
  donor_ = std::move(*donor);
  return {};
}

// The project's own copy is left alone if it is not in the range and another one is.
bool NpmScratchProject::OwnCopyIsMeant(const std::string& name, const std::string& low,
                                       const std::string& high) const {
  bool own = false, others = false;
  for (const LockedPackage& p : locked_) {
    if (p.name != name || !IsBetween(p.version, low, high)) continue;
    (p.path == "node_modules/" + name ? own : others) = true;
  }
  return own || !others;
}

Result<std::vector<ManifestChange>> NpmScratchProject::Plan(
    std::span<const PackageChange> changes) const {
  std::vector<ManifestChange> out;
  for (const PackageChange& change : changes) {
    ManifestChange planned{change.name, change.version, "", true, true};
    if (change.side != LockSide::kNone) {
      const LockTree& side = change.side == LockSide::kDonor ? donor_ : locked_;
      planned.for_all = VersionsOf(side, change.name).size() == 1;
      out.push_back(std::move(planned));
      continue;
    }
    const std::vector<std::string> now = VersionsOf(locked_, change.name);
    const bool is_direct = !DirectSpec(change.name).empty();
    if (now.empty() && !is_direct) {
      return Fail(ErrorKind::kUsage,
                  fmt::format("{} is not installed in {}: neither package.json nor {} names it",
                              change.name, original_root_, lock_name_));
    }
    if (!is_direct && *ParseVersion(npm_version_) < SemanticVersion{kFirstNpmWithOverrides, {}}) {
      return Fail(ErrorKind::kEnvironment,
                  fmt::format("{} is a dependency of a dependency, and npm {} cannot hold such a "
                              "one at a version; use npm 8.3 or newer",
                              change.name, npm_version_));
    }
    if (now.size() > 1) {
      std::string low = change.low, high = change.high;
      if (low.empty() && is_direct) {
        low = high = change.version;
        for (const LockedPackage& p : locked_) {
          if (p.path != "node_modules/" + change.name) continue;
          const auto current = ParseVersion(p.version), wanted = ParseVersion(change.version);
          if (current && wanted) (*current < *wanted ? low : high) = p.version;
        }
      }
      if (low.empty()) {
        return Fail(ErrorKind::kUsage,
                    fmt::format("{} is installed in {} versions ({}); say which are meant with a "
                                "range",
                                change.name, now.size(), fmt::join(now, ", ")));
      }
      planned.only = fmt::format(">={} <={}", low, high);
      planned.own = is_direct && OwnCopyIsMeant(change.name, low, high);
    }
    out.push_back(std::move(planned));
  }
  return out;
}

Result<void> NpmScratchProject::WriteProject(std::span<const PackageChange> changes) {
  Result<std::vector<ManifestChange>> planned = Plan(changes);
  if (!planned) return tl::unexpected(planned.error());
  Result<std::string> manifest = ChangeManifest(manifest_, *planned);
  if (!manifest) return tl::unexpected(manifest.error());
  std::string lock = lock_text_;
  if (!donor_text_.empty()) {
    std::set<std::string> names;
    for (const PackageChange& c : changes) {
      if (c.side == LockSide::kDonor) names.insert(c.name);
    }
    Result<std::string> mixed = MixLocks(lock_text_, donor_text_, names);
    if (!mixed) return tl::unexpected(mixed.error());
    lock = std::move(*mixed);
  }
  if (Result<void> written = WriteText(root_ + "/package.json", *manifest); !written) {
    return written;
  }
  return WriteText(root_ + "/" + lock_name_, lock);
}

std::string ShownChanges(std::span<const PackageChange> changes) {
  std::vector<std::string> out;
  for (const PackageChange& c : changes) out.push_back(c.name + "@" + c.version);
  return fmt::format("{}", fmt::join(out, ", "));
}

Result<void> NpmScratchProject::RunInstall(std::span<const PackageChange> changes) {
  if (Result<void> written = WriteProject(changes); !written) return written;
  // What npm's cache knows of a package is good enough, unless the version is newer than that.
  Result<CommandResult> result = Npm({"install", "--package-lock=true", "--prefer-offline"});
  if (result && (FailedWith(*result, "ETARGET") || FailedWith(*result, "E404"))) {
    result = Npm({"install", "--package-lock=true"});
  }
  if (!result) return tl::unexpected(result.error());
  if (result->exit_code == 0 && !result->timed_out) return {};
  return Fail(ErrorKind::kEnvironment,
              fmt::format("npm cannot install {}: {}",
                          changes.empty() ? "the project as it is" : ShownChanges(changes),
                          NpmComplaint(*result)));
}

// What lies in node_modules, as npm has noted it (npm 7 on), is what the lock says. Packages that
// are left out (other systems, development) are no matter.
bool NpmScratchProject::ModulesAgree(const LockTree& lock) const {
  const Result<std::string> text = ReadText(root_ + "/node_modules/.package-lock.json");
  if (!text) return true;
  const Result<LockTree> installed = ParseLock(*text, "node_modules/.package-lock.json");
  if (!installed) return true;
  const std::vector<LockDifference> differences = CompareLocks(lock, *installed);
  return std::all_of(differences.begin(), differences.end(),
                     [](const LockDifference& d) { return d.after.empty(); });
}

// By name, since a package that only moved is the same package.
std::vector<LockDifference> ChangedVersions(const LockTree& before, const LockTree& after,
                                            std::span<const PackageChange> changes) {
  std::map<std::string, std::pair<std::set<std::string>, std::set<std::string>>> versions;
  for (const LockedPackage& p : before) versions[p.name].first.insert(p.version);
  for (const LockedPackage& p : after) versions[p.name].second.insert(p.version);
  std::vector<LockDifference> out;
  for (const auto& entry : versions) {
    const std::string& name = entry.first;
    const auto& both = entry.second;
    const bool is_asked = std::any_of(changes.begin(), changes.end(),
                                      [&](const PackageChange& c) { return c.name == name; });
    if (is_asked || both.first == both.second) continue;
    std::vector<std::string> gone, come;
    std::set_difference(both.first.begin(), both.first.end(), both.second.begin(),
                        both.second.end(), std::back_inserter(gone));
    std::set_difference(both.second.begin(), both.second.end(), both.first.begin(),
                        both.first.end(), std::back_inserter(come));
    // Some copies stay as they were: all versions before and after say more than what is new.
    const bool overlap = gone.size() < both.first.size();
    if (overlap) {
      gone.assign(both.first.begin(), both.first.end());
      come.assign(both.second.begin(), both.second.end());
    }
    out.push_back({"", name, fmt::format("{}", fmt::join(gone, ", ")),
                   fmt::format("{}", fmt::join(come, ", "))});
  }
  return out;
}

std::string InstalledVersion(const std::string& folder) {
  const Result<std::string> text = ReadText(folder + "/package.json");
  return text ? ManifestVersion(*text) : std::string();
}

// All copies are of versions that this lock file has. None is fine: nobody may need it any more.
// Where the file has several, npm decides: a package that is not at this file's side may insist on
// a version of the other.
Result<void> NpmScratchProject::CheckSide(const PackageChange& change, const LockTree& now) const {
  const LockTree& side = change.side == LockSide::kDonor ? donor_ : locked_;
  std::vector<std::string> allowed = VersionsOf(side, change.name);
  if (allowed.size() > 1) {
    for (std::string& v : VersionsOf(&side == &donor_ ? locked_ : donor_, change.name)) {
      allowed.push_back(std::move(v));
    }
  }
  for (const LockedPackage& p : now) {
    if (p.name != change.name) continue;
    const std::string version = InstalledVersion(root_ + "/" + p.path);
    if (version.empty() || std::find(allowed.begin(), allowed.end(), version) != allowed.end()) {
      continue;
    }
    return Fail(ErrorKind::kEnvironment,
                fmt::format("npm was asked for {} {} and installed {} in {}", change.name,
                            fmt::join(allowed, ", "), version, p.path));
  }
  return {};
}

Result<InstallReport> NpmScratchProject::Check(std::span<const PackageChange> changes) const {
  Result<std::string> text = ReadText(root_ + "/" + lock_name_);
  if (!text) return tl::unexpected(text.error());
  Result<LockTree> now = ParseLock(*text, "the package-lock.json that npm wrote");
  if (!now) return tl::unexpected(now.error());
  if (!ModulesAgree(*now)) {
    return Fail(ErrorKind::kEnvironment,
                "npm left packages in node_modules that the lock file "
                "does not name");
  }
  InstallReport report;
  report.notes = notes_;
  report.others = ChangedVersions(locked_, *now, changes);
  Result<std::vector<ManifestChange>> planned = Plan(changes);
  if (!planned) return tl::unexpected(planned.error());
  for (size_t i = 0; i < changes.size(); ++i) {
    const PackageChange& change = changes[i];
    if (change.side != LockSide::kNone) {
      if (Result<void> checked = CheckSide(change, *now); !checked) {
        return tl::unexpected(checked.error());
      }
      continue;
    }
    // Of several copies those may stay that their dependents do not allow to change.
    const bool all_of_it = (*planned)[i].only.empty();
    size_t there = 0;
    for (const LockedPackage& p : *now) {
      if (p.name != change.name) continue;
      const std::string version = InstalledVersion(root_ + "/" + p.path);
      if (version.empty()) continue;  // left out
      const bool is_meant = all_of_it || version == change.version;
      if (version != p.version || (is_meant && version != change.version)) {
        return Fail(ErrorKind::kEnvironment,
                    fmt::format("npm was asked for {}@{} and installed {} in {}", change.name,
                                change.version, version, p.path));
      }
      if (!is_meant) continue;
      ++there;
      report.changed_paths.push_back(p.path);
      std::vector<std::string>& deprecations = report.deprecations;
      if (!p.deprecated.empty() &&
          std::find(deprecations.begin(), deprecations.end(), p.deprecated) == deprecations.end()) {
        deprecations.push_back(p.deprecated);
      }
    }
    if (there > 0) continue;
    const std::vector<std::string> versions = VersionsOf(*now, change.name);
    return Fail(
        ErrorKind::kEnvironment,
        versions.empty()
            ? fmt::format("npm did not install {}@{}; is it left out by NODE_ENV=production "
                          "or omit?",
                          change.name, change.version)
            : fmt::format("npm was asked for {}@{} and installed {}; nothing that depends on "
                          "it allows this version",
                          change.name, change.version, fmt::join(versions, ", ")));
  }
  return report;
}

Result<InstallReport> NpmScratchProject::Install(std::span<const PackageChange> changes) {
  const Clock::time_point begin = Clock::now();
  Result<void> installed = RunInstall(changes);
  if (!installed) return tl::unexpected(installed.error());
  Result<InstallReport> report = Check(changes);
  if (!report) {
    // What an earlier change has left there may be in the way.
    RemoveTree(root_ + "/node_modules");
    installed = RunInstall(changes);
    if (!installed) return tl::unexpected(installed.error());
    report = Check(changes);
  }
  if (report) {
    report->seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  }
  return report;
}

std::vector<std::string> NpmScratchProject::CommandHere(
    const std::vector<std::string>& command) const {
  std::vector<std::string> out;
  for (const std::string& word : command) out.push_back(ReplacedAll(word, original_root_, root_));
  return out;
}

std::vector<std::string> NpmScratchProject::EnvironmentHere() const {
  std::vector<std::string> out;
  for (const char* name : {"PATH", "NODE_PATH", "PWD", "OLDPWD", "INIT_CWD"}) {
    const char* value = std::getenv(name);
    if (value == nullptr) continue;
    std::string here = ReplacedAll(value, original_root_, root_);
    if (here != value) out.push_back(std::string(name) + "=" + here);
  }
  return out;
}

}  // namespace

Result<std::string> FindProjectRoot(const std::string& folder) {
  std::error_code error;
  const fs::path here = fs::canonical(folder, error);
  if (error) {
    return Fail(ErrorKind::kEnvironment,
                fmt::format("cannot open the folder {}: {}", folder, error.message()));
  }
  fs::path nearest;
  for (fs::path at = here;; at = at.parent_path()) {
    if (fs::exists(at / "package.json")) {
      if (nearest.empty()) nearest = at;
      const bool is_locked = std::any_of(std::begin(kLockNames), std::end(kLockNames),
                                         [&](const char* name) { return fs::exists(at / name); });
      if (is_locked && (at == nearest || HasWorkspaces(at))) return at.string();
    }
    if (at == at.parent_path()) break;
  }
  if (!nearest.empty()) return nearest.string();
  return Fail(ErrorKind::kUsage,
              fmt::format("there is no package.json in {} or above it; go to the project's folder",
                          here.string()));
}

size_t RemoveStaleScratchProjects() {
  size_t removed = 0;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(TemporaryFolder(), error)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(kPrefix)) continue;
    struct stat about {};
    const std::string path = entry.path().string();
    if (lstat(path.c_str(), &about) != 0 || !S_ISDIR(about.st_mode) || about.st_uid != geteuid()) {
      continue;
    }
    const int owner = open((path + "/owner").c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (owner < 0) continue;  // kept, or just being made
    if (flock(owner, LOCK_EX | LOCK_NB) == 0) {
      RemoveTree(path);
      ++removed;
    }
    close(owner);
  }
  return removed;
}

Result<std::unique_ptr<ScratchProject>> ScratchProject::Make(const ScratchOptions& options) {
  RemoveStaleScratchProjects();
  auto project = std::make_unique<NpmScratchProject>(options);
  if (Result<void> prepared = project->Prepare(); !prepared) {
    return tl::unexpected(prepared.error());
  }
  return std::unique_ptr<ScratchProject>(std::move(project));
}

}  // namespace leaktrail
