// package.json and package-lock.json with changes: text in, text out.
//
// The order of the keys stays. Threads: functions of their input.
#pragma once

#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"

namespace leaktrail {

// A package that package.json is to ask for at exactly this version.
struct ManifestChange {
  std::string name, version;  // no version: nothing is asked for
  std::string only;           // a range of npm: those who ask for something in it; "" for all
  bool own = true;            // the project's own dependency too, where it is one
  bool for_all = true;        // an override for everybody else
};

Result<void> CheckManifest(const std::string& text, const std::string& shown_name);
// Sets the project's own dependency, where it is one, and an override for everybody else.
Result<std::string> ChangeManifest(const std::string& text,
                                   std::span<const ManifestChange> changes);
// What it asks for in one of its lists of dependencies; "" if it does not.
std::string FindDirectSpec(const std::string& text, const std::string& name);
bool ManifestHasWorkspaces(const std::string& text);
std::string ManifestVersion(const std::string& text);

// Folders outside of the project that a lock names: "../lib".
std::vector<std::string> FindFoldersOutside(const std::string& lock_text);

// `base` with the entries of these packages as `donor` has them, and with those of packages that
// only `donor` knows (npm removes what nobody needs). Both of npm 7 or newer.
Result<std::string> MixLocks(const std::string& base, const std::string& donor,
                             const std::set<std::string>& names);

}  // namespace leaktrail
