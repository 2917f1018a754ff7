// Snapshots in, findings out: runs the passes that `trail` and `packages` need, in order.
//
// A session of one process's first snapshot, then later ones. Every session's graph and sizes stay;
// what is only needed for one snapshot is freed before the next.
//
// Threads: one at a time; snapshots are worked on in parallel inside.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "analysis/findings.h"
#include "analysis/package_table.h"
#include "analysis/packages.h"
#include "base/progress.h"
#include "base/result.h"
#include "engine/session.h"

namespace leaktrail {

struct FindLeaksOptions {
  // Read package.json below the paths that the heap names, if they are on this machine.
  bool read_manifests = true;
  uint32_t max_suspects = 5;
  const CancelToken* cancel = nullptr;
};

// One snapshot gives what is there in large numbers as a hint, and the verdict `inconclusive`; two
// or more are compared. In the order in which they were taken.
Result<Findings> FindLeaks(std::span<Session* const> sessions, const FindLeaksOptions& options);

// package.json in `folder`, if it can be read.
std::optional<PackageManifest> ReadManifest(const std::string& folder);

// Computed anew at each call: keep it.
PackageMap AttributePackages(Session& session, bool read_manifests = true);
PackageTable ComputePackageTable(Session& session, bool read_manifests = true);

}  // namespace leaktrail
