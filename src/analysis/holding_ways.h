// In how many ways the nodes of a class are held: nodes whose shortest paths from the root read
// alike, grouped.
//
//   root ─app→ App ─cache→ Map ─[..]→ Session       4,998 nodes
//   root ─…→ Timer ─_idleNext→ Timer … ─session→ Session   2 nodes
//
// A step reads like another if its edge has the same type and name (all elements are alike) and
// leads to a node of the same class; a run of like steps counts as one, so that the place in a list
// makes no difference.
//
// Cost: linear in the nodes on all the paths together, times their retainers. Threads: one.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "analysis/classes.h"
#include "analysis/retainers.h"
#include "base/array.h"
#include "heap/graph.h"

namespace leaktrail {

struct HoldingWay {
  uint64_t count = 0;
  NodeIndex example;    // retains most of those held this way; then the lowest id
  bool reached = true;  // false: the root does not reach these
};

// Most nodes first, then the example's id.
std::vector<HoldingWay> FindHoldingWays(const HeapGraph& graph, const RetainerIndex& index,
                                        const Array<int32_t>& distances, const ClassTable& classes,
                                        const Array<uint64_t>& retained,
                                        std::span<const NodeIndex> nodes);

}  // namespace leaktrail
