#include "analysis/outer_dominators.h"

#include <algorithm>
#include <atomic>

#include "analysis/node_marks.h"
#include "base/parallel.h"

namespace leaktrail {
namespace {

constexpr uint32_t kNone = NumberedTree::kNone;

class OuterNodeAdder {
 public:
  OuterNodeAdder(const HeapGraph& graph, Array<uint8_t>& marks, uint32_t highest, unsigned threads,
                 NumberedTree& tree, NodeSet& page)
      : graph_(graph),
        threads_(threads),
        first_edge_(graph.columns().first_edge.data()),
        edge_(graph.columns().edge.data()),
        n_(graph.node_count()),
        marks_(marks),
        highest_(highest),
        tree_(tree),
        common_(tree),
        page_(page) {}

  // Page objects first: whether an edge from another node counts depends on what is one.
  OuterNodes Run() {
    for (const bool pages : {true, false}) {
      PassOnFromCore(pages);
      PassOnFromOuter(pages, 0);
      PassOnFromOuter(pages, NodeMark::kLast);
    }
    return result_;
  }

 private:
  // What waits until its memory has been fetched.
  struct Pair {
    uint32_t outer, retainer;  // numbers
    uint32_t node;             // the outer one
  };
  struct Pairs {
    static constexpr size_t kMost = 128;
    std::vector<Pair> pairs;
    uint32_t first_outer = kNone;  // smallest number of an outer node in it
  };

  uint8_t Mark(uint32_t node) const {
    return std::atomic_ref<uint8_t>(marks_[node]).load(std::memory_order_relaxed);
  }
  bool outer(uint32_t node) const { return (Mark(node) & NodeMark::kOuter) != 0; }

  void PassOnFromCore(bool pages) {
    constexpr size_t kNodeBlock = size_t{1} << 16;
    // Which nodes the root does not reach is told in a set that only one thread may write to.
    std::atomic<bool> all_reached{true};
    ParallelBlocks(threads_, n_, kNodeBlock, [&](size_t first, size_t end) {
      Pairs pairs;
      for (auto u = static_cast<uint32_t>(std::max<size_t>(first, 1)); u < end; ++u) {
        if (outer(u) || page_.contains(NodeIndex(u)) != pages) continue;
        if (tree_.number[u] == kNone) {
          all_reached.store(false, std::memory_order_relaxed);
        } else {
          PassOn(u, tree_.number[u], pages, pairs);
        }
      }
      Join(pairs, pages);
    });
    if (all_reached) return;
    for (uint32_t u = 1; u < n_; ++u) {
      if (!outer(u) && page_.contains(NodeIndex(u)) == pages && tree_.number[u] == kNone) {
        NoteRetained(u, pages);
      }
    }
  }

  void PassOnFromOuter(bool pages, uint8_t last) {
    Pairs pairs;
    for (uint32_t u = 1; u < n_; ++u) {
      constexpr uint8_t kBoth = NodeMark::kOuter | NodeMark::kLast;
      if ((Mark(u) & kBoth) != (NodeMark::kOuter | last)) continue;
      const NodeIndex node(u);
      const uint32_t number = tree_.number[u];
      if (number >= pairs.first_outer) Join(pairs, pages);
      const bool unreached = tree_.dominator[number] == 0;
      const bool retained = unreached && retained_.allocated() && retained_.contains(node);
      if (pages) {
        if (unreached && !retained && !page_.contains(node)) continue;
        page_.insert(node);
      } else if (page_.contains(node)) {
        continue;
      }
      if (unreached) {
        tree_.dominator[number] = NumberedTree::kRoot;
        ++(retained ? result_.cyclic_count : result_.orphan_count);
      }
      if (retained) {
        NoteRetained(u, pages);
      } else {
        PassOn(u, number, pages, pairs);
      }
    }
    Join(pairs, pages);
  }

  // Calls visit(target) for the edges that count and lead to outer nodes.
  template <typename Visit>
  void ForEachOuterTarget(uint32_t u, bool from_page, const Visit& visit) const {
    constexpr uint32_t kAhead = 48;
    const uint32_t edge_count = first_edge_[n_];
    const bool special = (Mark(u) & NodeMark::kSpecial) != 0;
    for (uint32_t e = first_edge_[u]; e < first_edge_[u + 1]; ++e) {
      if (e + kAhead < edge_count) __builtin_prefetch(&marks_[edge_[e + kAhead].target]);
      const RawEdge edge = edge_[e];
      if ((Mark(edge.target) & (NodeMark::kOuter | NodeMark::kSettled)) != NodeMark::kOuter ||
          edge.type() == EdgeType::kWeak || edge.target == u ||
          (special && IsNeverEssential(graph_, u, edge)) ||
          (!from_page && page_.contains(NodeIndex(edge.target)))) {
        continue;
      }
      visit(edge.target);
    }
  }

  void PassOn(uint32_t u, uint32_t number, bool from_page, Pairs& pairs) {
    ForEachOuterTarget(u, from_page, [&](uint32_t target) {
      const uint32_t x = tree_.number[target];
      if ((Mark(target) & NodeMark::kSingle) != 0) {
        tree_.dominator[x] = number;
        return;
      }
      __builtin_prefetch(&tree_.dominator[x]);
      pairs.pairs.push_back({x, number, target});
      pairs.first_outer = std::min(pairs.first_outer, x);
      if (pairs.pairs.size() == Pairs::kMost) Join(pairs, from_page);
    });
  }

  void Join(Pairs& pairs, bool pages) {
    const uint32_t highest = pages ? highest_ : NumberedTree::kRoot;
    const auto dominator_of = [&](const Pair& p) {
      return std::atomic_ref<uint32_t>(tree_.dominator[p.outer]);
    };
    for (const Pair& p : pairs.pairs) {
      __builtin_prefetch(&tree_.dominator[dominator_of(p).load(std::memory_order_relaxed)]);
      __builtin_prefetch(&tree_.dominator[p.retainer]);
    }
    // In which order several threads join the retainers of a node is no matter.
    for (const Pair& p : pairs.pairs) {
      uint32_t d = dominator_of(p).load(std::memory_order_relaxed);
      if (d != 0 && d <= highest) {
        std::atomic_ref<uint8_t>(marks_[p.node])
            .fetch_or(NodeMark::kSettled, std::memory_order_relaxed);
      }
      while (d == 0 || d > highest) {
        const uint32_t both = d == 0 ? p.retainer : common_.Find(d, p.retainer);
        if (both == d || dominator_of(p).compare_exchange_weak(d, both, std::memory_order_relaxed))
          break;
      }
    }
    pairs.pairs.clear();
    pairs.first_outer = kNone;
  }

  // Of a node that the root does not reach.
  void NoteRetained(uint32_t u, bool from_page) {
    if (!retained_.allocated()) retained_ = NodeSet(n_);
    ForEachOuterTarget(u, from_page, [&](uint32_t t) { retained_.insert(NodeIndex(t)); });
  }

  const HeapGraph& graph_;
  const unsigned threads_;
  const uint32_t* first_edge_;
  const RawEdge* edge_;
  const uint32_t n_;
  Array<uint8_t>& marks_;
  const uint32_t highest_;
  NumberedTree& tree_;
  CommonDominators common_;
  NodeSet& page_;
  NodeSet retained_;  // by an essential edge from a node that the root does not reach
  OuterNodes result_;
};

}  // namespace

uint32_t CommonDominators::Find(uint32_t a, uint32_t b) {
  constexpr int kFewSteps = 16;
  const Array<uint32_t>& dominator = tree_.dominator;
  for (int step = 0; step < kFewSteps; ++step) {
    if (a == b) return a;
    if (a < b) std::swap(a, b);
    a = dominator[a];
  }
  const std::lock_guard<std::mutex> lock(jumps_mutex_);
  MakeJumpsTo(a);
  MakeJumpsTo(b);
  if (jump_[a].depth > jump_[b].depth) std::swap(a, b);
  while (jump_[b].depth > jump_[a].depth) {
    const uint32_t far = jump_[b].to;
    b = jump_[far].depth >= jump_[a].depth ? far : dominator[b];
  }
  while (a != b) {
    const bool jump = jump_[a].to != jump_[b].to;
    a = jump ? jump_[a].to : dominator[a];
    b = jump ? jump_[b].to : dominator[b];
  }
  return a;
}

void CommonDominators::MakeJumpsTo(uint32_t w) {
  if (jump_.empty()) {
    jump_ = Array<Jump>(tree_.dominator.size());
    jump_[NumberedTree::kRoot] = {NumberedTree::kRoot, 0};
  }
  path_.clear();
  for (; jump_[w].to == 0; w = tree_.dominator[w]) path_.push_back(w);
  while (!path_.empty()) {
    const Jump near = jump_[w], middle = jump_[near.to], far = jump_[middle.to];
    const uint32_t x = path_.back();
    path_.pop_back();
    const bool same_length = near.depth - middle.depth == middle.depth - far.depth;
    jump_[x] = {same_length ? middle.to : w, near.depth + 1};
    w = x;
  }
}

OuterNodes AddOuterNodes(const HeapGraph& graph, Array<uint8_t>& marks, uint32_t highest,
                         unsigned threads, NumberedTree& tree, NodeSet& page) {
  return OuterNodeAdder(graph, marks, highest, threads, tree, page).Run();
}

}  // namespace leaktrail
