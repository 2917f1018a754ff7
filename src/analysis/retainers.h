// Who holds a node: the Retainers view, and the shortest retaining paths.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "analysis/detached.h"
#include "base/array.h"
#include "heap/graph.h"

namespace leaktrail {

// Reverse edges. 4 bytes an edge and 4 a node; built once, when first asked for.
class RetainerIndex {
 public:
  explicit RetainerIndex(const HeapGraph& graph);
  // Edges into n, in ascending edge order.
  std::span<const uint32_t> edges_into(NodeIndex n) const {
    return {edges_.data() + first_[n.value()], first_[n.value() + 1] - first_[n.value()]};
  }

 private:
  Array<uint32_t> first_;
  Array<uint32_t> edges_;
};

struct Retainer {
  EdgeIndex edge;
  NodeIndex from;
  int32_t distance = 0;  // of the retaining node
};

// The rows DevTools shows under a node: no weak edges, none from the root; nearest first, then by
// the retaining node's name, then by DevTools' own order (descending edges). Nodes that are not
// reached come last.
// O(r log r) for r edges into the node; reads the name of each different retainer.
std::vector<Retainer> FindRetainers(const HeapGraph& graph, const RetainerIndex& index,
                                    const Array<int32_t>& distances, NodeIndex node,
                                    const DetachedNodes& detached = {});

// The retainer over which a shortest path reaches the node; its edge is None if there is none.
Retainer FindNearestRetainer(const HeapGraph& graph, const RetainerIndex& index,
                             const Array<int32_t>& distances, NodeIndex node);

struct PathStep {
  NodeIndex node;
  EdgeIndex edge;  // the edge into `node`; None for the first step (the root)
};
using RetainingPath = std::vector<PathStep>;  // from the root to the node

struct PathOptions {
  uint32_t max_paths = 5;
  // Longer paths are left out. A list of timers that leaks is as long as the list.
  uint32_t max_length = 1'000'000;
};
// Shortest first; paths differ in the retainer of the node itself, and none visits a node twice.
// No weak edges but the root's own, which make user roots as well. Empty if the root does not reach
// the node.
std::vector<RetainingPath> FindRetainingPaths(const HeapGraph& graph, const RetainerIndex& index,
                                              const Array<int32_t>& distances, NodeIndex node,
                                              const PathOptions& options);

}  // namespace leaktrail
