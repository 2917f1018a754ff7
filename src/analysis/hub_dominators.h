// Hubs (maps, oddballs, prototypes: nodes that very many edges lead to) whose immediate dominator
// can be told without a walk over the whole graph.
//
//   d ─▶ a ─▶ … ─▶ u ─▶ h      d dominates h. If u and h are reached from d through different
//   d ─▶ b ─▶ … ─────▶ h       children in one and the same tree, the two tree paths have only d
//                              and h in common, so no node between can dominate h: idom(h) = d.
//
// The tree comes from a breadth-first search that starts at all children of d at once and is given
// up after a 64th of the nodes: hubs are met early, and hub_sample.h takes care of those that are not.
//
// Cost: a random look at up to a 64th of the nodes and their edges; 1 byte a node, and 5 for
// each node that is reached, while it runs. Threads: pure function.
#pragma once

#include <cstdint>
#include <vector>

#include "base/array.h"
#include "heap/graph.h"

namespace leaktrail {

// The nodes marked kMany whose immediate dominator is d, as far as the search shows. `children` are
// the targets of d's edges that count; every node reached from them must be dominated by d. Of each
// hub one of the two ways begins at one of the first `sure` children. Weak edges, shortcuts, edges to
// the root and WeakMap tables' edges to values do not count. Page objects are no matter here: what a
// page object leads to is one.
std::vector<uint32_t> FindHubsDominatedBy(const HeapGraph& graph, uint32_t d,
                                          const std::vector<uint32_t>& children, size_t sure,
                                          const Array<uint8_t>& marks);

}  // namespace leaktrail
