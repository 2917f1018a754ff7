// What a package-lock.json fixes: which version of which package lies where.
//
//   node_modules/debug                      4.1.1
//   node_modules/express/node_modules/debug 2.6.9      two copies of one package
//
// Reads lockfileVersion 1 (npm 5, 6: nested "dependencies") and 2 and 3 (npm 7 on: flat
// "packages"). The root and links to folders are not listed.
//
// Threads: functions of their input.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace leaktrail {

struct LockedPackage {
  std::string path;        // from the project's folder
  std::string name;        // as it is required
  std::string version;     // what stands there: mostly a version, for git and files an address
  std::string deprecated;  // what its author says of this version, if it should not be used
};

// By path.
using LockTree = std::vector<LockedPackage>;

// `shown_name` is for the error.
Result<LockTree> ParseLock(std::string_view text, const std::string& shown_name);

struct LockDifference {
  std::string path, name;
  std::string before, after;  // versions; "" where it is not
};

// By path.
std::vector<LockDifference> CompareLocks(const LockTree& before, const LockTree& after);

// The versions of one package, each once, in semver order.
std::vector<std::string> VersionsOf(const LockTree& tree, std::string_view name);

// "node_modules/a/node_modules/@b/c" is @b/c.
std::string_view PackageNameOfPath(std::string_view path);

}  // namespace leaktrail
