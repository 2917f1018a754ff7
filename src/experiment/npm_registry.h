// The published versions of a package, as the user's npm and its registry tell.
//
// Cost: one run of `npm view`. Threads: any.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "experiment/npm.h"

namespace leaktrail {

struct PublishedVersion {
  std::string version;
  std::string published;  // ISO 8601, "" if the registry does not tell
};

struct VersionRange {
  std::vector<PublishedVersion> versions;  // from the good end to the bad one, both included
  std::vector<PublishedVersion> newer;     // than the bad end, if that is the newer one; releases
  std::vector<PublishedVersion> beyond;    // the good end, nearest first; releases
  size_t pre_releases_left_out = 0;        // between the ends
};

// All of it, in semver order, pre-releases too. Errors: no such package, npm fails.
Result<std::vector<PublishedVersion>> FindVersions(const std::string& name,
                                                   const NpmOptions& options);

// Of these, from `good` to `bad`, which may be the older one: then what is sought is the version
// that put things right. Pre-releases are left out, unless an end is one. Errors: an end is no
// version or was never published (the nearest are named).
Result<VersionRange> SelectVersions(const std::string& name, const std::string& good,
                                    const std::string& bad,
                                    const std::vector<PublishedVersion>& all);

}  // namespace leaktrail
