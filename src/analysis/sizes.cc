#include "analysis/sizes.h"

#include <algorithm>
#include <vector>

#include "analysis/detached.h"
#include "analysis/edge_filter.h"
#include "base/growing_array.h"

namespace leaktrail {
namespace {

// Who owns a candidate: a node, nobody yet, or more than one.
constexpr uint32_t kNobody = 0;
constexpr uint32_t kShared = 0xFFFFFFFFu;

// DevTools: HeapSnapshot.ts, calculateShallowSizes. Owners spread over every edge but weak ones,
// from every node that is no candidate; a candidate passes its owner on. Both "nobody → owner" and
// "owner → shared" only go one way, so the order of the work does not matter and it ends after at
// most three visits of a candidate: nodes are looked at in their order, and after that those again
// whose owner changed behind that look.
class OwnerFinder {
 public:
  explicit OwnerFinder(const HeapGraph& graph)
      : graph_(graph),
        n_(graph.node_count()),
        first_edge_(graph.columns().first_edge.data()),
        edge_(graph.columns().edge.data()),
        candidates_(n_) {
    const DetachedNodes detached = FindDetachedNodes(graph);
    for (NodeIndex v : graph.nodes()) {
      if (IsCandidate(detached, v)) candidates_.insert(v.value());
    }
    owner_ = Array<uint32_t>(candidates_.Seal());
    LookAtAll();
    while (!work_.empty()) {
      const uint32_t v = work_.back();
      work_.pop_back();
      const uint32_t owner = owner_[candidates_.Rank(v)];
      for (uint32_t e = first_edge_[v]; e < first_edge_[v + 1]; ++e) {
        if (Counts(edge_[e])) Give(edge_[e].target, owner, n_);
      }
    }
  }

  // Calls visit(candidate, its one owner) for those that have one.
  template <typename Visit>
  void ForEachOwned(const Visit& visit) const {
    candidates_.ForEachFrom(0, n_, [&](uint64_t v, uint32_t rank) {
      const uint32_t owner = owner_[rank];
      if (owner != kNobody && owner != kShared) visit(static_cast<uint32_t>(v), owner - 1);
    });
  }

 private:
  bool IsCandidate(const DetachedNodes& detached, NodeIndex v) const {
    const NodeType t = graph_.type(v);
    return t == NodeType::kHidden || t == NodeType::kArray ||
           (t == NodeType::kNative && graph_.NameIs(v, WellKnown::kExternalStringData) &&
            !detached.contains(v));  // it has another name then
  }

  bool Counts(const RawEdge& edge) const {
    const bool candidate = candidates_.contains(edge.target);
    const bool weak = edge.type() == EdgeType::kWeak;
    return candidate & !weak;
  }

  // Which edges count cannot be foreseen, so they are collected without a branch.
  void LookAtAll() {
    constexpr uint32_t kBlock = 2048;
    uint32_t found[kBlock + kEdgeFilterSlack];
    uint32_t v = 0;
    const uint32_t count = graph_.edge_count();
    for (uint32_t first = 0; first < count;) {
      const uint32_t end = count - first < kBlock ? count : first + kBlock;
      const size_t size = FindEdgesInto(edge_, first, end, candidates_, found);
      for (size_t i = 0; i < size; ++i) {
        while (first_edge_[v + 1] <= found[i]) ++v;
        const uint32_t owner = candidates_.contains(v) ? owner_[candidates_.Rank(v)] : v + 1;
        if (owner != kNobody) Give(edge_[found[i]].target, owner, v);
      }
      first = end;
    }
  }

  // All nodes up to `looked_at` have passed on what they had.
  void Give(uint32_t candidate, uint32_t owner, uint32_t looked_at) {
    uint32_t& its = owner_[candidates_.Rank(candidate)];
    if (its == owner || its == kShared) return;
    its = its == kNobody ? owner : kShared;
    // A candidate without edges has nothing to pass on.
    if (candidate <= looked_at && first_edge_[candidate] != first_edge_[candidate + 1]) {
      work_.push_back(candidate);
    }
  }

  const HeapGraph& graph_;
  const uint32_t n_;
  const uint32_t* first_edge_;
  const RawEdge* edge_;
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

void ShallowSizes::CopyTo(uint32_t first, uint32_t end, uint32_t* sizes) const {
  const auto cut = [](uint64_t size) {
    return static_cast<uint32_t>(std::min<uint64_t>(size, kLarge));
  };
  const uint16_t* const self_size = graph_->columns().self_size.data();
  const bool moved = taken_.limit() != 0;
  for (; first < end; first += 64, sizes += 64) {
    const uint32_t count = std::min(end - first, 64u);
    const uint64_t taken = moved ? taken_.word(first / 64) : 0;
    bool any_large = false;
    for (uint32_t i = 0; i < count; ++i) {
      const uint32_t size = self_size[first + i];
      any_large |= size == LargeSize::kMark;
      sizes[i] = (taken >> i & 1) != 0 ? 0 : size;
    }
    for (uint32_t i = 0; any_large && i < count; ++i) {
      if (sizes[i] == LargeSize::kMark) sizes[i] = cut(graph_->self_size(NodeIndex(first + i)));
    }
    if (!moved) continue;
    grown_.ForEachFrom(first, first + count, [&](uint64_t v, uint32_t rank) {
      sizes[v - first] = cut(grown_size_[rank]);
    });
  }
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
