// Native nodes that DevTools shows as "Detached …": the state is spread from the nodes that carry
// one to their native neighbours.
#pragma once

#include <string>
#include <unordered_set>

#include "heap/graph.h"

namespace leaktrail {

struct DetachedNodes {
  std::unordered_set<uint32_t> renamed;  // node ordinals whose name gets the prefix "Detached "
  bool contains(NodeIndex n) const { return !renamed.empty() && renamed.count(n.value()) != 0; }
};
// O(nodes), plus the edges of the nodes that carry a state. Empty for files without the field.
DetachedNodes FindDetachedNodes(const HeapGraph& graph);

// A node's name as DevTools prints it in a class table.
std::string NodeNameWithState(const HeapGraph& graph, const DetachedNodes& detached, NodeIndex n);

}  // namespace leaktrail
