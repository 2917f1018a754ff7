// The package of each class in snapshots that have no locations (Node 10 and older), where a class
// key does not name its constructor's script.
//
// Cost: one pass over the nodes. Threads: values.
#pragma once

#include <vector>

#include "analysis/classes.h"
#include "analysis/packages.h"

namespace leaktrail {

// By ClassIndex: the package that the class's objects tell themselves, through their prototypes.
// (unattributed) where none does or where they disagree: two constructors of one name are one
// class in such a file.
std::vector<PackageIndex> ComputeClassPackages(const HeapGraph& graph, const ClassTable& classes,
                                               const PackageMap& packages);

}  // namespace leaktrail
