#include "analysis/outer_dominators.h"

#include <algorithm>
#include <atomic>
#include <vector>

#include "analysis/node_marks.h"
#include "base/cpu.h"
#include "base/parallel.h"

namespace leaktrail {
namespace {

constexpr uint32_t kNone = NumberedTree::kNone;
constexpr size_t kNodeBlock = size_t{1} << 16;

}  // namespace

class OuterNodeAdder {
 public:
  OuterNodeAdder(const HeapGraph& graph, Array<uint8_t>& marks, uint32_t last_page_number,
                 NumberedTree& tree, NodeSet& page)
      : graph_(graph),
        first_edge_(graph.columns().first_edge.data()),
        edge_(graph.columns().edge.data()),
        n_(graph.node_count()),
        last_page_number_(last_page_number),
        marks_(marks),
        tree_(tree),
        common_(tree),
        page_(page) {}

  void LookAhead(const std::atomic<bool>& stop) {
    const size_t most = n_ / 4;
    waiting_ = Array<uint32_t>(most);
    has_waiting_ = Array<uint64_t>(tree_.number.core_count() / 64 + 1);
    only_retainer_ = Array<uint32_t>(n_ - tree_.number.core_count());
    for (size_t block = 0, count = 0; !stop && block * kNodeBlock < n_; ++block) {
      bool room = true;
      const size_t begin = count;
      PassOnFromPages(block, [&](uint32_t u, uint32_t number, uint32_t rank) {
        const size_t before = count;
        ForEachOuterTarget(u, true, [&](uint32_t target) {
          if ((Mark(target) & NodeMark::kSingle) != 0) {
            only_retainer_[tree_.number.of_outer(target) - tree_.number.first_outer()] = number;
          } else if (count < most) {
            waiting_[count++] = target;
          } else {
            room = false;
          }
        });
        if (count == before) return;
        waiting_[count - 1] |= kLastOfNode;
        has_waiting_[rank / 64] |= uint64_t{1} << (rank % 64);
      });
      if (!room) break;  // the block is looked at again later
      block_begin_.push_back(begin);
    }
  }

  // Page objects first: whether an edge from another node counts depends on what is one.
  void Complete(uint32_t highest, unsigned threads) {
    highest_ = highest;
    threads_ = threads;
    TakeOver();
    for (const bool pages : {true, false}) {
      PassOnFromCore(pages);
      PassOnFromEarly(pages);
      PassOnFromLast(pages);
    }
  }

  uint32_t orphan_count = 0, cyclic_count = 0;

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

  // Calls visit(node, its rank, its number) for the core nodes of a block.
  template <typename Visit>
  void ForEachCoreNode(size_t block, const Visit& visit) const {
    const size_t first = block * kNodeBlock, end = std::min<size_t>(n_, first + kNodeBlock);
    tree_.number.ForEachCoreNode(static_cast<uint32_t>(first), static_cast<uint32_t>(end), visit);
  }

  // Calls pass_on(node, number, rank) for the core nodes of a block that are page objects, and adds
  // them to the set. A block's part of the set is written to by one thread only.
  template <typename Visit>
  void PassOnFromPages(size_t block, const Visit& pass_on) {
    ForEachCoreNode(block, [&](uint32_t u, uint32_t rank, uint32_t number) {
      if (u == 0) return;
      if (number <= last_page_number_) {
        page_.insert(NodeIndex(u));
      } else if (!page_.contains(NodeIndex(u))) {
        return;
      }
      if (number == kNone) {
        all_reached_.store(false, std::memory_order_relaxed);
      } else {
        pass_on(u, number, rank);
      }
    });
  }

  // What LookAhead has found.
  void TakeOver() {
    for (size_t i = 0; i < only_retainer_.size(); ++i) {
      tree_.dominator[tree_.number.first_outer() + i] = only_retainer_[i];
    }
    only_retainer_ = {};
    ParallelBlocks(threads_, block_begin_.size(), 1, [&](size_t block, size_t) {
      const NodeNumbers& numbers = tree_.number;
      size_t at = block_begin_[block];
      Pairs pairs;
      ForEachCoreNode(block, [&](uint32_t, uint32_t rank, uint32_t number) {
        if ((has_waiting_[rank / 64] >> (rank % 64) & 1) == 0) return;
        for (bool last = false; !last;) {
          last = (waiting_[at] & kLastOfNode) != 0;
          const uint32_t node = waiting_[at++] & ~kLastOfNode;
          Add({numbers.of_outer(node), number, node}, true, pairs);
        }
      });
      Join(pairs, true);
    });
    waiting_ = {};
    has_waiting_ = {};
  }

  void PassOnFromCore(bool pages) {
    const size_t first_block = pages ? block_begin_.size() : 0;
    const size_t blocks = (n_ + kNodeBlock - 1) / kNodeBlock - first_block;
    ParallelBlocks(threads_, blocks, 1, [&](size_t index, size_t) {
      const size_t block = first_block + index;
      Pairs pairs;
      if (pages) {
        PassOnFromPages(
            block, [&](uint32_t u, uint32_t number, uint32_t) { PassOn(u, number, true, pairs); });
      } else {
        ForEachOtherNode(block, [&](uint32_t u) {
          if (outer(u)) return;
          const uint32_t number = tree_.number.of(u);
          if (number == kNone) {
            all_reached_.store(false, std::memory_order_relaxed);
          } else {
            PassOn(u, number, false, pairs);
          }
        });
      }
      Join(pairs, pages);
    });
    if (all_reached_) return;
    // What nodes lead to that the root does not reach is a set that only one thread may write to.
    for (uint32_t u = 1; u < n_; ++u) {
      if (!outer(u) && page_.contains(NodeIndex(u)) == pages && tree_.number.of(u) == kNone) {
        NoteRetained(u, pages);
      }
    }
  }

  // Nodes of a block that are no page objects.
  template <typename Visit>
  void ForEachOtherNode(size_t block, const Visit& visit) const {
    const size_t first = block * kNodeBlock, end = std::min<size_t>(n_, first + kNodeBlock);
    page_.ForEachAbsent(static_cast<uint32_t>(first), static_cast<uint32_t>(end), [&](NodeIndex n) {
      if (n.value() != 0) visit(n.value());
    });
  }

  // From the outer nodes but the last ones, which have numbers in their order.
  void PassOnFromEarly(bool pages) {
    if (pages) return PassOnFromEarlyPages();
    Pairs pairs;
    for (size_t block = 0; block * kNodeBlock < n_; ++block) {
      ForEachOtherNode(block, [&](uint32_t u) {
        if (!IsOuterButNotLast(Mark(u))) return;
        const uint32_t number = tree_.number.of_outer(u);
        if (Enter(u, number, false, pairs)) PassOn(u, number, false, pairs);
      });
    }
    Join(pairs, false);
  }

  // Finding the edges is most of the work, and needs no dominators. What does is done block by block,
  // in their order.
  struct EarlyStep {
    static constexpr uint32_t kFlag = 0x80000000u;
    uint32_t node;    // kFlag: a node is entered, else an edge from the one that was entered last
    uint32_t number;  // of the node. kFlag: an edge to a node with only one retainer
  };
  struct EarlySteps {
    std::vector<EarlyStep> steps;
    std::vector<uint32_t> last_nodes;
    Pairs pairs;
  };
  void PassOnFromEarlyPages() {
    constexpr size_t kBlock = size_t{1} << 13;
    MakeAndTakeInOrder<EarlySteps>(
        threads_, n_, kBlock,
        [&](size_t first, size_t end, EarlySteps& made) {
          FindEarlySteps(static_cast<uint32_t>(first), static_cast<uint32_t>(end), made);
        },
        [&](EarlySteps& made) { TakeEarlySteps(made); });
  }

  void FindEarlySteps(uint32_t first, uint32_t end, EarlySteps& made) const {
    made.steps.clear();
    made.last_nodes.clear();
    uint32_t number = tree_.number.first_early_from(first);
    for (uint32_t u = first; u < end; ++u) {
      const uint8_t mark = Mark(u);
      if ((mark & NodeMark::kOuter) == 0) continue;
      if ((mark & NodeMark::kLast) != 0) {
        made.last_nodes.push_back(u);
        continue;
      }
      made.steps.push_back({u | EarlyStep::kFlag, number++});
      ForEachOuterTarget(u, true, [&](uint32_t target) {
        const bool single = (Mark(target) & NodeMark::kSingle) != 0;
        made.steps.push_back(
            {target, tree_.number.of_outer(target) | (single ? EarlyStep::kFlag : 0)});
      });
    }
  }

  void TakeEarlySteps(EarlySteps& made) {
    uint32_t from = 0;  // number of the node that was entered last; 0: its edges do not count
    for (const EarlyStep& step : made.steps) {
      const uint32_t number = step.number & ~EarlyStep::kFlag;
      if ((step.node & EarlyStep::kFlag) != 0) {
        from = Enter(step.node & ~EarlyStep::kFlag, number, true, made.pairs) ? number : 0;
      } else if (from == 0) {
        continue;
      } else if (number != step.number) {
        tree_.dominator[number] = from;
      } else {
        Add({number, from, step.node}, true, made.pairs);
      }
    }
    Join(made.pairs, true);
    last_nodes_.insert(last_nodes_.end(), made.last_nodes.begin(), made.last_nodes.end());
  }

  void PassOnFromLast(bool pages) {
    Pairs pairs;
    for (const uint32_t u : last_nodes_) {
      if (!pages && page_.contains(NodeIndex(u))) continue;
      const uint32_t number = tree_.number.of_outer(u);
      if (Enter(u, number, pages, pairs)) PassOn(u, number, pages, pairs);
    }
    Join(pairs, pages);
  }

  // An outer node whose retainers have all been looked at, but for those that wait. Whether its
  // edges count.
  LEAKTRAIL_INLINE bool Enter(uint32_t u, uint32_t number, bool pages, Pairs& pairs) {
    const NodeIndex node(u);
    if (number >= pairs.first_outer) Join(pairs, pages);
    const bool unreached = tree_.dominator[number] == 0;
    const bool retained = unreached && retained_.allocated() && retained_.contains(node);
    if (pages) {
      if (unreached && !retained && !page_.contains(node)) return false;
      page_.insert(node);
    }
    if (unreached) {
      tree_.dominator[number] = NumberedTree::kRoot;
      ++(retained ? cyclic_count : orphan_count);
    }
    if (retained) NoteRetained(u, pages);
    return !retained;
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
      const uint32_t x = tree_.number.of_outer(target);
      if ((Mark(target) & NodeMark::kSingle) != 0) {
        tree_.dominator[x] = number;
        return;
      }
      Add({x, number, target}, from_page, pairs);
    });
  }

  void Add(const Pair& pair, bool pages, Pairs& pairs) {
    __builtin_prefetch(&tree_.dominator[pair.outer]);
    pairs.pairs.push_back(pair);
    pairs.first_outer = std::min(pairs.first_outer, pair.outer);
    if (pairs.pairs.size() == Pairs::kMost) Join(pairs, pages);
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
  const uint32_t* first_edge_;
  const RawEdge* edge_;
  const uint32_t n_;
  const uint32_t last_page_number_;
  Array<uint8_t>& marks_;
  uint32_t highest_ = 0;
  unsigned threads_ = 1;
  NumberedTree& tree_;
  CommonDominators common_;
  NodeSet& page_;
  std::vector<uint32_t> last_nodes_;
  NodeSet retained_;  // by an essential edge from a node that the root does not reach
  // By LookAhead: the outer nodes with several retainers that the core nodes of has_waiting_ (by
  // rank) lead to, and, by number from the first outer node, the retainers of those with one.
  static constexpr uint32_t kLastOfNode = 0x80000000u;  // core_graph.h allows no such node
  Array<uint32_t> waiting_;
  Array<uint64_t> has_waiting_;
  Array<uint32_t> only_retainer_;
  std::vector<size_t> block_begin_;  // in waiting_, of the blocks that were looked at
  std::atomic<bool> all_reached_{true};
};

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

OuterDominators::OuterDominators(const HeapGraph& graph, Array<uint8_t>& marks,
                                 uint32_t last_page_number, NumberedTree& tree, NodeSet& page)
    : adder_(std::make_unique<OuterNodeAdder>(graph, marks, last_page_number, tree, page)) {}
OuterDominators::~OuterDominators() = default;

void OuterDominators::LookAhead(const std::atomic<bool>& stop) { adder_->LookAhead(stop); }
void OuterDominators::Complete(uint32_t highest, unsigned threads) {
  adder_->Complete(highest, threads);
}
uint32_t OuterDominators::orphan_count() const { return adder_->orphan_count; }
uint32_t OuterDominators::cyclic_count() const { return adder_->cyclic_count; }

}  // namespace leaktrail
