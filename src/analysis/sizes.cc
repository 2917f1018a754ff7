#include "analysis/sizes.h"

#include <vector>

#include "analysis/detached.h"
#include "base/growing_array.h"

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
      : graph_(graph), n_(graph.node_count()), candidates_(n_) {
    const DetachedNodes detached = FindDetachedNodes(graph);
    for (NodeIndex v : graph.nodes()) {
      if (IsCandidate(detached, v)) candidates_.insert(v.value());
    }
    owner_ = Array<uint32_t>(candidates_.Seal());
    for (uint32_t v = 0; v < n_; ++v) {
      if (!candidates_.contains(v)) Spread(v, v + 1);
    }
    while (!work_.empty()) {
      const uint32_t v = work_.back();
      work_.pop_back();
      Spread(v, owner_[candidates_.Rank(v)]);
    }
  }

  // Calls visit(candidate, its one owner) for those that have one.
  template <typename Visit>
  void ForEachOwned(const Visit& visit) const {
    size_t i = 0;
    for (uint32_t v = 0; v < n_; ++v) {
      if (!candidates_.contains(v)) continue;
      const uint32_t owner = owner_[i++];
      if (owner != kNobody && owner != kShared) visit(v, owner - 1);
    }
  }

 private:
  bool IsCandidate(const DetachedNodes& detached, NodeIndex v) const {
    const NodeType t = graph_.type(v);
    return t == NodeType::kHidden || t == NodeType::kArray ||
           (t == NodeType::kNative && graph_.NameIs(v, WellKnown::kExternalStringData) &&
            !detached.contains(v));  // it has another name then
  }

  void Spread(uint32_t from, uint32_t owner) {
    const GraphColumns& c = graph_.columns();
    for (uint32_t e = c.first_edge[from]; e < c.first_edge[from + 1]; ++e) {
      const uint32_t t = c.edge[e].target;
      if (!candidates_.contains(t) || c.edge[e].type() == EdgeType::kWeak) continue;
      uint32_t& its = owner_[candidates_.Rank(t)];
      if (its == owner || its == kShared) continue;
      its = its == kNobody ? owner : kShared;
      // A candidate without edges has nothing to pass on.
      if (c.first_edge[t] != c.first_edge[t + 1]) work_.push_back(t);
    }
  }

  const HeapGraph& graph_;
  const uint32_t n_;
  RankedBits candidates_;
  Array<uint32_t> owner_;  // by candidate: owner + 1
  GrowingArray<uint32_t> work_;
};

}  // namespace

ShallowSizes ComputeShallowSizes(const HeapGraph& graph) {
  ShallowSizes sizes;
  sizes.graph_ = &graph;
  if (graph.node_count() == 0 || !HasUserRoot(graph)) return sizes;
  const OwnerFinder finder(graph);
  const auto takes = [&](uint32_t owner) {
    return owner != 0 && graph.type(NodeIndex(owner)) != NodeType::kSynthetic;
  };
  sizes.taken_ = RankedBits(graph.node_count());
  sizes.grown_ = RankedBits(graph.node_count());
  // An owner is never a candidate itself.
  finder.ForEachOwned([&](uint32_t v, uint32_t owner) {
    if (takes(owner) && graph.self_size(NodeIndex(v)) != 0) sizes.grown_.insert(owner);
  });
  sizes.grown_size_ = Array<uint64_t>(sizes.grown_.Seal());
  finder.ForEachOwned([&](uint32_t v, uint32_t owner) {
    if (!takes(owner) || graph.self_size(NodeIndex(v)) == 0) return;
    uint64_t& size = sizes.grown_size_[sizes.grown_.Rank(owner)];
    if (size == 0) size = graph.self_size(NodeIndex(owner));
    size += graph.self_size(NodeIndex(v));
    sizes.taken_.insert(v);
  });
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
