// A copy of the user's project in which packages can be changed, and that is gone when we are.
//
//   /tmp/leaktrail-scratch-XXXXXX/        mode 0700
//     owner                               locked by us as long as we live
//     project/                            package.json, package-lock.json, sources … copied
//       node_modules/                     installed by the user's npm, never the user's own
//
// The user's folder is only read. Not copied: node_modules beside a package.json, version control,
// heap snapshots. Folders outside of the project that its lock file names (file:../lib) are copied
// too, to the same place beside the copy.
//
// A change of a package holds everything else at what package-lock.json says: package.json of the
// copy asks for exactly this version (under "dependencies" if it is the project's own dependency,
// and under npm's "overrides" for those who depend on it in turn), and npm installs from the lock.
// Where several versions of the package are installed side by side, only the ones in a range are
// changed. Afterwards the lock and what lies in node_modules are compared with what was there
// before: everything else that had to change, because the other version needs it, is in the report.
//
// Install scripts run as the user's npm is configured (by default they do): packages with native
// code need them. npm_config_ignore_scripts=true turns them off.
//
// Folders that a killed run has left behind are removed by the next one.
//
// Cost: the first Install as long as npm ci takes, each other one a second or two; disk space of
// the project. Threads: one at a time. Linux.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/progress.h"
#include "base/result.h"
#include "experiment/lock_tree.h"

namespace leaktrail {

class ScratchProject;

struct ScratchOptions {
  std::string folder;  // any folder of the project, where the command would run; "" for ours
  const CancelToken* cancel = nullptr;
  // Another copy of the same project that was installed without changes: its node_modules is the
  // start of ours, which saves a full installation. Null: npm installs all.
  const ScratchProject* installed = nullptr;
};

enum class LockSide : uint8_t { kNone, kBase, kDonor };

// One package at another version.
struct PackageChange {
  std::string name;
  std::string version;  // exact
  // Where copies of several versions are installed: those from low to high are changed. "" takes
  // what lies between the version now and the new one of the project's own dependency.
  std::string low, high;
  // After UseLocks: its copies are where, and of the versions that, this lock file has. `version`
  // is that of the project's own copy then, and "" if there is none or none is to be asked for.
  LockSide side = LockSide::kNone;
};

struct InstallReport {
  // What had to change beside what was asked, against package-lock.json of the project.
  std::vector<LockDifference> others;
  // Copies of the changed packages that are at the asked version: paths from the project's folder.
  std::vector<std::string> changed_paths;
  // What the authors of the changed packages say of versions that they have deprecated.
  std::vector<std::string> deprecations;
  std::vector<std::string> notes;  // sentences
  double seconds = 0;
};

class ScratchProject {
 public:
  // Copies the sources. Errors: no package.json, no room, npm is too old or missing.
  static Result<std::unique_ptr<ScratchProject>> Make(const ScratchOptions& options);
  // Removes it, unless it is kept.
  virtual ~ScratchProject() = default;

  // Brings the copy to package-lock.json's state and these changes; with none, to the state alone.
  // Changes of an earlier call are undone. An error if npm fails or what is installed is not what
  // was asked; the copy can be used on.
  virtual Result<InstallReport> Install(std::span<const PackageChange> changes) = 0;

  // Changes start from `base` instead of the project's lock file, and each may choose between its
  // entries and those of `donor`. Packages that only the donor has come along where they are
  // needed.
  virtual Result<void> UseLocks(const std::string& base_text, const std::string& donor_text) = 0;

  virtual const LockTree& locked() const = 0;
  // What the project's package.json asks of it; "" if it is not its own dependency.
  virtual std::string DirectSpec(const std::string& name) const = 0;

  virtual const std::string& original_root() const = 0;  // the user's, where package.json is
  virtual const std::string& root() const = 0;           // the copy of that
  virtual const std::string& folder() const = 0;         // the command runs there
  // The command and "NAME=value" of our environment with paths into the project made to point into
  // the copy.
  virtual std::vector<std::string> CommandHere(const std::vector<std::string>& command) const = 0;
  virtual std::vector<std::string> EnvironmentHere() const = 0;

  virtual void Keep() = 0;  // it stays when we are gone
};

// The folder whose package.json rules `folder`: the nearest one with a lock file if it has
// workspaces, else the nearest one. An error if there is none.
Result<std::string> FindProjectRoot(const std::string& folder);

// Removes what killed runs have left in the folder for temporary files. Returns how many.
size_t RemoveStaleScratchProjects();

}  // namespace leaktrail
