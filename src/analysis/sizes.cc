#include "analysis/sizes.h"

#include <vector>

#include "analysis/detached.h"

namespace leaktrail {
namespace {

// Who owns a candidate: a node, nobody yet, or more than one.
constexpr uint32_t kNobody = 0;
constexpr uint32_t kShared = 0xFFFFFFFFu;

// DevTools: HeapSnapshot.ts, calculateShallowSizes. Owners spread over every edge but weak ones,
// from every node that is no candidate; a candidate passes its owner on. Both "nobody → owner" and
// "owner → shared" only go one way, so the order of the work does not matter and it ends after at
// most two visits of a candidate.
class OwnerFinder {
 public:
  explicit OwnerFinder(const HeapGraph& graph)
      : graph_(graph),
        n_(graph.node_count()),
        detached_(FindDetachedNodes(graph)),
        candidate_(n_),
        owner_(n_) {}

  // owner + 1 by node; only meaningful for candidates.
  Array<uint32_t> Run() {
    for (uint32_t v = 0; v < n_; ++v) {
      if (IsCandidate(v)) candidate_.insert(NodeIndex(v));
    }
    const GraphColumns& c = graph_.columns();
    for (uint32_t v = 0; v < n_; ++v) {
      if (!candidate_.contains(NodeIndex(v))) Spread(c, v, v + 1);
    }
    while (!work_.empty()) {
      const uint32_t v = work_.back();
      work_.pop_back();
      Spread(c, v, owner_[v]);
    }
    return std::move(owner_);
  }

  bool is_candidate(uint32_t v) const { return candidate_.contains(NodeIndex(v)); }

 private:
  bool IsCandidate(uint32_t v) const {
    const NodeType t = graph_.type(NodeIndex(v));
    return t == NodeType::kHidden || t == NodeType::kArray ||
           (t == NodeType::kNative &&
            graph_.NameIs(NodeIndex(v), WellKnown::kExternalStringData) &&
            !detached_.contains(NodeIndex(v)));  // it has another name then
  }

  void Spread(const GraphColumns& c, uint32_t from, uint32_t owner) {
    for (uint32_t e = c.first_edge[from]; e < c.first_edge[from + 1]; ++e) {
      const RawEdge& edge = c.edge[e];
      const uint32_t t = edge.target;
      if (!candidate_.contains(NodeIndex(t)) || edge.type() == EdgeType::kWeak) continue;
      const uint32_t old = owner_[t];
      if (old == owner || old == kShared) continue;
      owner_[t] = old == kNobody ? owner : kShared;
      // A candidate without edges has nothing to pass on.
      if (c.first_edge[t] != c.first_edge[t + 1]) work_.push_back(t);
    }
  }

  const HeapGraph& graph_;
  const uint32_t n_;
  const DetachedNodes detached_;
  NodeSet candidate_;
  Array<uint32_t> owner_;
  std::vector<uint32_t> work_;
};

}  // namespace

ShallowSizes ComputeShallowSizes(const HeapGraph& graph, unsigned /*threads*/) {
  ShallowSizes sizes;
  const uint32_t n = graph.node_count();
  const GraphColumns& c = graph.columns();
  sizes.low_ = Array<uint32_t>(n);
  for (uint32_t v = 0; v < n; ++v) sizes.low_[v] = c.self_size[v];
  sizes.large_ = c.large_self_size;
  if (n == 0 || !HasUserRoot(graph)) return sizes;

  const auto set = [&](uint32_t v, uint64_t size) {
    sizes.low_[v] = static_cast<uint32_t>(size);
    if (size >> 32 != 0) {
      sizes.large_[v] = size;
    } else if (!sizes.large_.empty()) {
      sizes.large_.erase(v);
    }
  };
  OwnerFinder finder(graph);
  const Array<uint32_t> owner = finder.Run();
  for (uint32_t v = 0; v < n; ++v) {
    if (!finder.is_candidate(v) || owner[v] == kNobody || owner[v] == kShared) continue;
    const uint32_t o = owner[v] - 1;
    if (o == 0 || graph.type(NodeIndex(o)) == NodeType::kSynthetic) continue;
    set(o, sizes.of(NodeIndex(o)) + sizes.of(NodeIndex(v)));
    set(v, 0);
  }
  return sizes;
}

Array<uint64_t> ComputeRetainedSizes(const HeapGraph& graph, const DominatorTree& dominators,
                                     const ShallowSizes& shallow) {
  // A subtree is a range of places, so its size is what was added up at its end, less what was at
  // its beginning.
  struct Open {
    uint32_t node, end;
    uint64_t before;
  };
  const uint32_t n = graph.node_count();
  Array<uint64_t> retained(n);
  std::vector<Open> open;
  uint64_t sum = 0;
  for (uint32_t place = 0; place <= n; ++place) {
    while (!open.empty() && open.back().end <= place) {
      retained[open.back().node] = sum - open.back().before;
      open.pop_back();
    }
    if (place == n) break;
    const uint32_t v = dominators.order[place];
    open.push_back({v, dominators.subtree_end[place], sum});
    sum += shallow.of(NodeIndex(v));
  }
  return retained;
}

}  // namespace leaktrail
