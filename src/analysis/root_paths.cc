#include "analysis/root_paths.h"

#include <numeric>

#include "analysis/essential_edges.h"
#include "analysis/trail_tree.h"

namespace leaktrail {

namespace {

constexpr uint64_t kNext = HashName("_idleNext");
constexpr uint64_t kPrevious = HashName("_idlePrev");
constexpr uint64_t kRingHead = HashName("TimersList");

class Search {
 public:
  Search(const HeapGraph& graph, const NameHashes& names, Array<uint32_t>& parent,
         Array<uint32_t>& edge, Array<uint32_t>& below)
      : g_(graph),
        names_(names),
        parent_(parent),
        edge_(edge),
        below_(below),
        seen_(graph.node_count()),
        queue_(graph.node_count()) {}

  void Run() {
    if (g_.node_count() == 0) return;
    std::iota(below_.begin(), below_.end(), 0u);
    seen_[0] = kReached;
    for (const EdgeIndex e : g_.edges_of(g_.root())) {
      if (!IsWeak(e) && IsUserRoot(g_, g_.target(e))) Reach(0, e);
    }
    Drain();
    for (const EdgeIndex e : g_.edges_of(g_.root())) {
      if (!IsWeak(e)) Reach(0, e);
    }
    Drain();
    FollowRings();
    // `later_` grows while it is worked off.
    for (size_t i = 0; i < later_.size(); ++i) {
      const Deferred d = later_[i];
      if (Seen(EdgeIndex(d.edge))) continue;
      Reach(d.from, EdgeIndex(d.edge));
      Drain();
      FollowRings();
    }
  }

 private:
  static constexpr uint8_t kReached = 1, kPassed = 2;
  struct Deferred {
    uint32_t from, edge;
  };

  bool IsWeak(EdgeIndex e) const { return g_.edge_type(e) == EdgeType::kWeak; }
  bool Seen(EdgeIndex e) const { return seen_[g_.target(e).value()] != 0; }
  bool IsLink(EdgeIndex e) const {
    if (g_.edge_type(e) != EdgeType::kProperty) return false;
    const uint64_t h = names_.of(g_.edge_name(e));
    return h == kNext || h == kPrevious;
  }

  void Reach(uint32_t from, EdgeIndex e) {
    const uint32_t t = g_.target(e).value();
    if (seen_[t]) return;
    seen_[t] = kReached;
    parent_[t] = from;
    edge_[t] = e.value() + 1;
    if (from != 0 && RoleByType(g_, names_, NodeIndex(from)) != NodeRole::kVisible) {
      below_[t] = below_[from];
    }
    queue_[tail_++] = t;
    if (names_.of(g_.name(NodeIndex(t))) == kRingHead) rings_.push_back(t);
  }

  void Drain() {
    while (head_ < tail_) {
      const uint32_t n = queue_[head_++];
      const bool engine = RoleByType(g_, names_, NodeIndex(n)) == NodeRole::kNoise;
      for (const EdgeIndex e : g_.edges_of(NodeIndex(n))) {
        if (IsWeak(e) || Seen(e)) continue;
        if (engine || IsEngineEdge(g_, names_, e)) {
          later_.push_back({n, e.value()});
        } else if (IsLink(e)) {
          links_.push_back({n, e.value()});
        } else {
          Reach(n, e);
        }
      }
    }
  }

  // First what hangs on a ring's head, then links without one.
  void FollowRings() {
    while (!rings_.empty() || !links_.empty()) {
      while (!rings_.empty()) {
        std::vector<uint32_t> heads;
        heads.swap(rings_);
        for (const uint32_t head : heads) Claim(head);
        Drain();
      }
      while (!links_.empty() && rings_.empty()) {
        std::vector<Deferred> links;
        links.swap(links_);
        for (const Deferred d : links) Reach(d.from, EdgeIndex(d.edge));
        Drain();
      }
    }
  }

  // The ring's members, in order. No node is passed twice, whatever the links are.
  void Claim(uint32_t head) {
    uint32_t at = head;
    while ((seen_[at] & kPassed) == 0) {
      seen_[at] |= kPassed;
      EdgeIndex link;
      for (const EdgeIndex e : g_.edges_of(NodeIndex(at))) {
        if (IsLink(e) && names_.of(g_.edge_name(e)) == kNext) link = e;
      }
      if (!link.valid()) return;
      at = g_.target(link).value();
      if (at == head || names_.of(g_.name(NodeIndex(at))) == kRingHead) return;
      Reach(head, link);
    }
  }

  const HeapGraph& g_;
  const NameHashes& names_;
  Array<uint32_t>& parent_;
  Array<uint32_t>& edge_;
  Array<uint32_t>& below_;
  Array<uint8_t> seen_;
  Array<uint32_t> queue_;
  uint32_t head_ = 0, tail_ = 0;
  std::vector<Deferred> later_;  // over code and shapes
  std::vector<Deferred> links_;
  std::vector<uint32_t> rings_;  // heads that were reached and not followed yet
};

}  // namespace

RootPaths::RootPaths(const HeapGraph& graph, const NameHashes& names)
    : parent_(graph.node_count()), edge_(graph.node_count()), below_(graph.node_count()) {
  Search(graph, names, parent_, edge_, below_).Run();
}

bool IsEngineEdge(const HeapGraph& graph, const NameHashes& names, EdgeIndex e) {
  return graph.edge_type(e) == EdgeType::kInternal && IsNoiseEdgeName(names.of(graph.edge_name(e)));
}

}  // namespace leaktrail
