// The rules once more, as slow and plain as they can be told: what the fast passes are held
// against. Each is quadratic or worse; for graphs of some hundred nodes.
#pragma once

#include <cstdint>
#include <vector>

#include "heap/graph.h"

namespace leaktrail::testing {

// By node. Removes one node after the other and looks which ones the root no longer reaches: those
// are what the removed node dominates. Roots are the root and what DevTools hangs from it.
std::vector<uint32_t> NaiveDominators(const HeapGraph& graph);

// By node. Iterates "dominators of n = n and what all retainers of n have in common" to its
// fixpoint.
std::vector<uint32_t> FixpointDominators(const HeapGraph& graph);

// By node, from the rule as it is told: a candidate's owners are the nodes that reach it over
// candidates only.
std::vector<uint64_t> NaiveShallowSizes(const HeapGraph& graph);

}  // namespace leaktrail::testing
