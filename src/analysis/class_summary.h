// DevTools' Summary view: per class key the number of instances and their sizes. Nodes whose
// shallow size is 0 (moved to an owner) have no place in it.
#pragma once

#include <cstdint>
#include <vector>

#include "analysis/classes.h"
#include "analysis/sizes.h"

namespace leaktrail {

struct ClassRow {
  ClassIndex class_index;
  uint64_t count = 0;
  uint64_t shallow_size = 0;
  // Of the topmost instances in the dominator tree; classes overlap, so rows do not add up.
  uint64_t retained_size = 0;
};

// Largest retained size first, then name, then location. Only classes with instances.
//
// Cost: one pass over the tree's order; a row for each class and thread.
// Threads: starts and joins its own, four at most.
std::vector<ClassRow> ComputeClassSummary(const HeapGraph& graph, const ClassTable& classes,
                                          const ShallowSizes& shallow,
                                          const DominatorTree& dominators, unsigned threads = 1);

}  // namespace leaktrail
