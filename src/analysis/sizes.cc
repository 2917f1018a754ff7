#include "analysis/sizes.h"

#include <algorithm>
#include <unordered_map>
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
  const GraphColumns& c = graph.columns();
  const uint32_t n = graph.node_count();
  sizes.small_ = Array<uint16_t>(n);
  std::copy(c.self_size.begin(), c.self_size.end(), sizes.small_.begin());
  sizes.large_.Append(c.large_self_size.begin(), c.large_self_size.size());
  if (n == 0 || !HasUserRoot(graph)) return sizes;
  // An owner is never a candidate itself.
  std::unordered_map<uint32_t, uint64_t> grown_large;
  OwnerFinder(graph).ForEachOwned([&](uint32_t v, uint32_t owner) {
    const uint64_t size = graph.self_size(NodeIndex(v));
    if (owner == 0 || graph.type(NodeIndex(owner)) == NodeType::kSynthetic || size == 0) return;
    sizes.small_[v] = 0;
    uint16_t& small = sizes.small_[owner];
    if (small != ShallowSizes::kLarge && small + size < ShallowSizes::kLarge) {
      small = static_cast<uint16_t>(small + size);
      return;
    }
    uint64_t& large =
        grown_large
            .try_emplace(owner,
                         small != ShallowSizes::kLarge ? small : graph.self_size(NodeIndex(owner)))
            .first->second;
    large += size;
    small = ShallowSizes::kLarge;
  });
  for (const auto& [owner, size] : grown_large) sizes.large_.push_back({owner, size});
  SortLargeSizes(sizes.large_);
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
