// Which script a constructor's location means, for reports that show places of classes and need
// nothing else of a PackageMap: about a hundredth of the full map's cost, since no name is hashed
// and no node is charged.
//
// Scripts are found through one closure of each script id, so a script that no living closure
// belongs to is missing, and two scripts never share an id.
//
// Cost: one look at each location, a scan of the edges' labels for `version` if a package's
// version is wanted, and a few strings for each script.
// Threads: the scan is shared; the result does not depend on it.
#pragma once

#include "analysis/classes.h"
#include "analysis/packages.h"

namespace leaktrail {

// packages, scripts and script_of are filled; the arrays by node are empty.
PackageMap ComputeScriptMap(const HeapGraph& graph, const ClassTable& classes, unsigned threads,
                            const ManifestReader& read_manifest = {});

}  // namespace leaktrail
