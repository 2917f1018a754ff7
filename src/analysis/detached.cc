// Rules: HeapSnapshot.ts, propagateDOMState. Nodes that know their state spread it to native
// neighbours, attached ones first, so attached wins; JavaScript objects stop the spread.

#include "analysis/detached.h"

#include <vector>

#include "base/array.h"

namespace leaktrail {
namespace {

class StateSpread {
 public:
  explicit StateSpread(const HeapGraph& graph) : graph_(graph), visited_(graph.node_count()) {}

  DetachedNodes Run() {
    for (NodeIndex n : graph_.nodes()) {
      const Detachedness state = Known(n);
      if (state != Detachedness::kUnknown) Visit(n, state);
    }
    Spread(attached_, Detachedness::kAttached);
    Spread(detached_, Detachedness::kDetached);
    return std::move(result_);
  }

 private:
  // DevTools reads two bits of the field.
  Detachedness Known(NodeIndex n) const {
    return static_cast<Detachedness>(static_cast<uint8_t>(graph_.detachedness(n)) & 3);
  }

  void Visit(NodeIndex n, Detachedness state) {
    if (visited_[n.value()] != 0) return;
    visited_[n.value()] = 1;
    if (graph_.type(n) != NodeType::kNative) return;
    if (state == Detachedness::kAttached) {
      attached_.push_back(n);
    } else if (state == Detachedness::kDetached) {
      result_.renamed.insert(n.value());
      detached_.push_back(n);
    }
  }

  void Spread(std::vector<NodeIndex>& open, Detachedness state) {
    while (!open.empty()) {
      const NodeIndex n = open.back();
      open.pop_back();
      for (EdgeIndex e : graph_.edges_of(n)) {
        const EdgeType type = graph_.edge_type(e);
        if (type != EdgeType::kHidden && type != EdgeType::kWeak) Visit(graph_.target(e), state);
      }
    }
  }

  const HeapGraph& graph_;
  Array<uint8_t> visited_;
  std::vector<NodeIndex> attached_, detached_;
  DetachedNodes result_;
};

}  // namespace

DetachedNodes FindDetachedNodes(const HeapGraph& graph) {
  if (graph.columns().detachedness.empty()) return {};
  return StateSpread(graph).Run();
}

std::string NodeNameWithState(const HeapGraph& graph, const DetachedNodes& detached, NodeIndex n) {
  std::string name = graph.NodeName(n);
  return detached.contains(n) ? "Detached " + name : name;
}

}  // namespace leaktrail
