// The nodes that a node immediately dominates, largest first: one level of the dominator tree as a
// person walks it.
//
// Cost: one scan of the tree for all parents together; memory for the nodes kept only.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "analysis/classes.h"
#include "analysis/dominators.h"
#include "base/array.h"
#include "heap/graph.h"

namespace leaktrail {

struct DominatedClass {
  ClassIndex class_index;
  uint64_t count = 0;
  uint64_t retained_size = 0;
};

struct DominatedNodes {
  uint64_t count = 0;              // all that the parent immediately dominates
  uint64_t retained_size = 0;      // of all of them
  std::vector<NodeIndex> largest;  // by retained size down, then id; at most as many as asked for
  // All of them by class, largest first, then in the class table's order: a thousand small objects
  // of one class are as interesting as one large object.
  std::vector<DominatedClass> classes;
};

// One entry for each parent; parents must differ. The root is not its own child.
std::vector<DominatedNodes> FindDominated(const HeapGraph& graph, const DominatorTree& dominators,
                                          const Array<uint64_t>& retained,
                                          const ClassTable& classes,
                                          std::span<const NodeIndex> parents, size_t max_largest);

}  // namespace leaktrail
