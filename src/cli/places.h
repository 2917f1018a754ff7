// Nodes and classes of a session as report rows: names and places filled in.
#pragma once

#include "analysis/packages.h"
#include "engine/session.h"
#include "report/node_line.h"

namespace leaktrail {

// The constructor's place; the package alone where no location is known.
CodePlace PlaceOfClass(const PackageMap& packages, const ClassKey& key);
// A function's own place, an object's constructor's; the package that the node is charged to.
CodePlace PlaceOfNode(const HeapGraph& graph, const PackageMap& packages, NodeIndex node);

// Distance stays 0 unless the session is asked for distances (a pass over the graph).
enum class WithDistance : bool { kNo, kYes };
NodeLine DescribeNode(Session* session, const PackageMap& packages, NodeIndex node,
                      WithDistance distance);

}  // namespace leaktrail
