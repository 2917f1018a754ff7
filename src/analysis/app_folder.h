// The folder of the user's own code, so that its files can be named relative to it.
//
// Taken, for each script outside of node_modules, is the nearest folder above it that is known to
// be a package's: one that holds a node_modules folder scripts were loaded from, or a package.json
// (asked from the caller). The folder with most scripts wins; without any, it is the deepest folder
// that all have in common.
//
// Cost: O(scripts × depth). Threads: pure.
#pragma once

#include <string>
#include <vector>

#include "analysis/packages.h"

namespace leaktrail {

// `app_paths`: absolute paths of the scripts of the app. `module_folders`: folders of packages
// below node_modules. Without a '/' at the end; "" if there is no path.
std::string FindAppFolder(const std::vector<std::string>& app_paths,
                          const std::vector<std::string>& module_folders,
                          const ManifestReader& read_manifest);

// `path` below `folder`; the whole path if it is elsewhere.
std::string RelativeTo(const std::string& folder, const std::string& path);

}  // namespace leaktrail
