// Semi-NCA (Georgiadis, Tarjan: "Finding Dominators Revisited", SODA 2004; the form of
// L. Georgiadis, R. F. Werneck et al., "Finding Dominators in Practice", JGAA 2006) over the
// essential edges, with four things of our own that heap graphs ask for.
//
// Semi-NCA numbers the nodes in depth-first preorder, finds for every node w its semidominator
//     semi(w) = the smallest v with a path v → … → w on which all between are larger than w,
// and takes as idom(w) the nearest ancestor of w in the dominator tree so far with a number <=
// semi(w). It ends after one walk and two sweeps over the nodes. An edge v → w matters in one of
// two ways: v < w (then v is an ancestor) gives the candidate v at once; v > w gives eval(v), the
// smallest semi on the tree path from v up to the first number <= w.
//
// 1. One walk finds page objects too. What the root's shortcut edges reach is walked first. That
//    set, with what only shortcut or WeakMap table edges add to it, is the set of page objects,
//    so the rule "no edge from a non-page to a page object" can be told in the rest of the walk.
//
// 2. Most edges v > w say nothing new. Most nodes have a single retainer; their semi is their
//    parent. Let top(v) be the first of v, parent(v), … that is not such a node.
//    a) top(v) <= w: the path of eval(v) has only single-retainer nodes, so eval(v) is the first
//       number <= w on it, which for a later v can only be smaller (the walk moves right and meets
//       w's path higher up). Only the last such v counts: one slot a node. (If w is on the path,
//       the candidate is w itself and is dropped.)
//    b) top(v) > w: eval(v) = eval(top(v)), since the semis below top(v) are its descendants'
//       parents, all >= top(v). So v is replaced by top(v), and repetitions are dropped.
//    What remains is kept in lists: a few per cent of the edges.
//
// 3. A third of a heap's nodes are strings, numbers and the like, whose only edge leads to one of a
//    few maps. That is noted beforehand; the walk then numbers such a node without looking at its
//    edges, provided that the map was visited already.
//
// 4. Four fifths of the edges lead to a few hubs, which are retained from so many sides that only
//    the global object dominates them. hub_dominators.h proves that for most, without the walk.
//    If d dominates h immediately, then all edges into h may be replaced by one from d without a
//    change to any dominator: a path that a node x outside d's ancestors is not on leads to h in
//    the one graph if and only if one does in the other. So h becomes a single-retainer node that
//    is walked as a child of d, and edges into it are passed over.
//
// Memory, and the time it takes to reach. A walk over a heap is bound by cache misses, so what a
// step needs stands together (what is known of a node that is not visited stands where its number
// will be; parent and label in one word), what will be needed soon is fetched ahead, and candidates
// of much-referenced nodes, which come in ascending order, are kept as byte-coded differences.
// Label is the head of a node's candidate list until the sweep reaches it; top(v) of a
// single-retainer node stands in its semi; parents are destroyed by path compression and come back
// from the shape of the walk's tree, two bits a node; the result takes the place of the numbers.
#include "analysis/dominators.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "analysis/candidate_lists.h"
#include "analysis/hub_dominators.h"
#include "analysis/node_marks.h"
#include "base/batch_worker.h"
#include "base/parallel.h"

namespace leaktrail {
namespace {

constexpr uint32_t kRootPre = 1;  // preorder numbers begin at 1

void Prefetch(const void* p) { __builtin_prefetch(p); }

class Bits {
 public:
  explicit Bits(uint64_t size) : words_((size + 63) / 64) {}
  bool get(uint64_t i) const { return words_[i / 64] >> (i % 64) & 1; }
  void set(uint64_t i) { words_[i / 64] |= uint64_t{1} << (i % 64); }

 private:
  Array<uint64_t> words_;
};

// The shape of a tree in walk order: one bit 1 as a node is entered, one bit 0 as it is left.
class TreeShape {
 public:
  explicit TreeShape(uint64_t node_count) : bits_(2 * node_count + 64) {}
  void Enter() { bits_.set(size_++); }
  void Leave() { ++size_; }
  bool entered(uint64_t i) const { return bits_.get(i); }

 private:
  Bits bits_;
  uint64_t size_ = 0;
};

class SemiNca {
 public:
  SemiNca(const HeapGraph& graph, unsigned threads)
      : graph_(graph),
        threads_(threads),
        first_edge_(graph.columns().first_edge.data()),
        edge_(graph.columns().edge.data()),
        n_(graph.node_count()),
        single_(n_ + 1),
        finished_(n_ + 1),
        page_(n_),
        pre_(n_),
        link_(n_ + 1),
        semi_(n_ + 1),
        lists_(std::make_unique<CandidateLists>()),
        shape_(n_ + 1),
        candidates_(threads > 1 && n_ > kSmall,
                    [this](std::span<const Candidate> batch) { PutCandidates(batch); }) {}

  // Nothing if hubs were replaced by the global object and it turned out not to dominate them.
  std::optional<DominatorTree> Run(bool replace_hubs) {
    DominatorTree tree;
    leaves_ = MarkNodes(graph_, threads_, pre_);
    WalkAll(tree, replace_hubs);
    if (global_is_passed_by_) return std::nullopt;
    ComputeSemidominators();
    lists_.reset();
    ComputeImmediateDominators();
    Finish(tree);
    return tree;
  }

 private:
  struct Link {
    uint32_t parent;  // tree parent; compressed by Eval; in the end the idom
    uint32_t label;   // candidate list, then the smallest semi on the compressed path
  };
  struct Frame {
    uint32_t node, edge;
  };
  struct Candidate {
    uint32_t w, value;
    bool is_slot;
  };

  bool page(uint32_t node) const { return page_.contains(NodeIndex(node)); }

  // --- the walk -------------------------------------------------------------------------------

  bool visited(uint32_t node) const { return pre_[node] <= n_; }

  void WalkAll(DominatorTree& tree, bool replace_hubs) {
    Enter(0, 0);
    WalkPageObjects(replace_hubs);
    last_page_pre_ = size_;
    for (uint32_t u = 1; u < n_; ++u) {
      if (visited(u)) page_.insert(NodeIndex(u));
    }
    if (edges_to_root_) page_.insert(NodeIndex(0));
    MarkRestOfPageObjects();
    for (uint32_t e = first_edge_[0]; e < first_edge_[1]; ++e) {
      if (edge_[e].type() == EdgeType::kWeak || IsEphemeronOfTable(graph_, 0, edge_[e])) continue;
      VisitFromRoot<false>(edge_[e].target);
    }
    WalkOrphans(tree);
    candidates_.Finish();
    tree.cyclic_count = n_ - size_;
    shape_.Leave();
  }

  void WalkPageObjects(bool replace_hubs) {
    std::vector<uint32_t> starts;
    for (uint32_t e = first_edge_[0]; e < first_edge_[1]; ++e) {
      if (!StartsPageObjects(e)) continue;
      edges_to_root_ |= edge_[e].target == 0;
      starts.push_back(edge_[e].target);
    }
    std::erase(starts, 0u);
    std::sort(starts.begin(), starts.end());
    starts.erase(std::unique(starts.begin(), starts.end()), starts.end());
    if (!replace_hubs || starts.empty()) {
      for (uint32_t start : starts) VisitFromRoot<true>(start);
    } else if (starts.size() > 1) {
      WalkHubs(FindHubsDominatedBy(graph_, 0, starts, pre_), kRootPre);
      for (uint32_t start : starts) VisitFromRoot<true>(start);
    } else {
      // All page objects are dominated by the only global object.
      const uint32_t global = starts[0];
      std::vector<uint32_t> children;
      for (uint32_t e = first_edge_[global]; e < first_edge_[global + 1]; ++e) {
        const EdgeType type = edge_[e].type();
        if (type != EdgeType::kWeak && type != EdgeType::kShortcut &&
            !IsEphemeronOfTable(graph_, global, edge_[e])) {
          children.push_back(edge_[e].target);
        }
      }
      const std::vector<uint32_t> hubs = FindHubsDominatedBy(graph_, global, children, pre_);
      if (!hubs.empty()) global_ = global;
      Enter(global, kRootPre);
      WalkHubs(hubs, size_);
      Walk<true>(global);
    }
  }

  // As if the only edge into each hub came from `parent`, which is being walked.
  void WalkHubs(const std::vector<uint32_t>& hubs, uint32_t parent) {
    for (uint32_t hub : hubs) {
      pre_[hub] = NodeMark::Word(NodeMark::kSingle | NodeMark::kReplaced << NodeMark::kCodeShift);
    }
    for (uint32_t hub : hubs) {
      Enter(hub, parent);
      Walk<true>(hub);
    }
  }

  bool StartsPageObjects(uint32_t e) const {
    if (edge_[e].type() == EdgeType::kShortcut) return true;
    const NodeIndex target(edge_[e].target);
    return edge_[e].type() == EdgeType::kElement && graph_.type(target) == NodeType::kSynthetic &&
           graph_.NameIs(target, WellKnown::kDocumentDomTrees);
  }

  template <bool kPagePhase>
  void VisitFromRoot(uint32_t node) {
    if (node == 0) return;
    if (!visited(node)) {
      Enter(node, kRootPre);
      Walk<kPagePhase>(node);
      return;
    }
    const uint32_t w = pre_[node];
    if (!kPagePhase && w != pre_[global_]) NoteOtherWay(w);
    if (!single_.get(w)) semi_[w] = kRootPre;
  }

  void Number(uint32_t node, uint32_t parent) {
    const uint32_t i = ++size_;
    const uint32_t mark = pre_[node];
    pre_[node] = i;
    link_[i] = {parent, NodeMark::many(mark) ? CandidateLists::kCodedEmpty : 0};
    shape_.Enter();
    if (i != kRootPre && NodeMark::single(mark)) {
      single_.set(i);
      semi_[i] = single_.get(parent) ? semi_[parent] : parent;  // top(i)
    } else {
      semi_[i] = parent;
    }
  }

  void Enter(uint32_t node, uint32_t parent) {
    Number(node, parent);
    const uint32_t begin = first_edge_[node];
    const uint32_t end = std::min(first_edge_[node + 1], begin + kFetchAhead);
    for (uint32_t e = begin; e < end; ++e) {
      Prefetch(&pre_[edge_[e].target]);
      Prefetch(&first_edge_[edge_[e].target]);
    }
  }

  // Depth-first from `start`, which was entered. In the page phase every node that is met is a page
  // object, so the rule about them has nothing to forbid.
  template <bool kPagePhase>
  void Walk(uint32_t start) {
    const size_t bottom = stack_.size();
    uint32_t v = pre_[start], node = start;
    uint32_t e = first_edge_[node], end = first_edge_[node + 1];
    bool from_page = !kPagePhase && page(node);
    uint32_t top = single_.get(v) ? semi_[v] : v;
    for (;;) {
      if (e == end) {
        finished_.set(v);
        shape_.Leave();
        if (stack_.size() == bottom) return;
        node = stack_.back().node;
        e = stack_.back().edge;
        stack_.pop_back();
        v = pre_[node];
        end = first_edge_[node + 1];
        from_page = !kPagePhase && page(node);
        top = single_.get(v) ? semi_[v] : v;
        continue;
      }
      const RawEdge edge = edge_[e++];
      const EdgeType type = edge.type();
      if (type == EdgeType::kWeak) continue;
      const uint32_t target = edge.target;
      if (target == 0) {
        edges_to_root_ |= kPagePhase;
        continue;
      }
      const uint32_t w = pre_[target];
      if (type == EdgeType::kShortcut || IsEphemeronOfTable(graph_, node, edge)) {
        if (kPagePhase && w > n_) page_only_.push_back(target);
        continue;
      }
      if (!kPagePhase && !from_page && page(target)) continue;
      if (w > n_) {
        if (const uint32_t code = NodeMark::code(w); code != 0) {
          if (code == NodeMark::kReplaced) continue;
          const uint32_t only = leaves_.node[code];
          if (const uint32_t x = pre_[only]; x <= n_) {
            NumberLeaf<kPagePhase>(target, v, only, x);
            continue;
          }
        }
        // The next children will be entered soon.
        for (uint32_t k = e; k < end && k < e + 2; ++k) {
          Prefetch(&edge_[first_edge_[edge_[k].target]]);
        }
        stack_.push_back({node, e});
        Enter(target, v);
        v = size_;
        node = target;
        e = first_edge_[node];
        end = first_edge_[node + 1];
        from_page = !kPagePhase && page(node);
        top = single_.get(v) ? semi_[v] : v;
      } else if (w > v) {
        // If w has a second retainer; else this is top(w), and v its only one.
        if (semi_[w] > v && !single_.get(w)) semi_[w] = v;
      } else if (w < v) {
        AddCandidate<kPagePhase>(w, v, top);
      }
    }
  }

  // An edge into what was walked from the global object, from outside of that: the global object
  // then does not dominate all of it.
  void NoteOtherWay(uint32_t w) { global_is_passed_by_ |= global_ != 0 && w <= last_page_pre_; }

  template <bool kPagePhase>
  void AddCandidate(uint32_t w, uint32_t v, uint32_t top) {
    if (!kPagePhase && v > last_page_pre_) NoteOtherWay(w);
    if (single_.get(w)) return;  // its retainers were replaced
    if (top > w) {
      candidates_.Push({w, top, false});
    } else if (finished_.get(w)) {
      candidates_.Push({w, v, true});
    }  // else w is an ancestor of v, and on v's path
  }

  // Lists are far apart in memory, so their heads and then their last cells are fetched ahead.
  void PutCandidates(std::span<const Candidate> batch) {
    constexpr size_t kHead = 24, kCell = 12;
    for (size_t i = 0; i < batch.size(); ++i) {
      if (i + kHead < batch.size()) Prefetch(&link_[batch[i + kHead].w].label);
      if (i + kCell < batch.size()) lists_->PrefetchList(link_[batch[i + kCell].w].label);
      const Candidate& c = batch[i];
      uint32_t& list = link_[c.w].label;
      c.is_slot ? lists_->SetSlot(list, c.value) : lists_->Add(list, c.value);
    }
  }

  // A node whose only edge leads to `only`, which has the number x already.
  template <bool kPagePhase>
  void NumberLeaf(uint32_t node, uint32_t parent, uint32_t only, uint32_t x) {
    Number(node, parent);
    finished_.set(size_);
    shape_.Leave();
    if (kPagePhase || page(node) || !page(only)) {
      AddCandidate<kPagePhase>(x, size_, single_.get(size_) ? semi_[size_] : size_);
    }
  }

  // What shortcut edges and WeakMap tables add to the page objects. Not walked for dominators.
  void MarkRestOfPageObjects() {
    std::vector<uint32_t> stack;
    const auto mark = [&](uint32_t node) {
      if (page(node)) return;
      page_.insert(NodeIndex(node));
      stack.push_back(node);
    };
    for (uint32_t node : page_only_) mark(node);
    page_only_ = {};
    if (edges_to_root_) stack.push_back(0);  // the root's own edges then lead to page objects too
    while (!stack.empty()) {
      const uint32_t node = stack.back();
      stack.pop_back();
      for (uint32_t e = first_edge_[node]; e < first_edge_[node + 1]; ++e) {
        if (edge_[e].type() != EdgeType::kWeak) mark(edge_[e].target);
      }
    }
  }

  // Nodes that the root does not reach and that have no essential retainer. An essential retainer
  // of an unvisited node is itself unvisited.
  void WalkOrphans(DominatorTree& tree) {
    if (size_ == n_) return;
    NodeSet retained(n_);
    for (uint32_t u = 0; u < n_; ++u) {
      if (visited(u)) continue;
      for (uint32_t e = first_edge_[u]; e < first_edge_[u + 1]; ++e) {
        const RawEdge& edge = edge_[e];
        if (edge.type() == EdgeType::kWeak || edge.type() == EdgeType::kShortcut ||
            edge.target == u || IsEphemeronOfTable(graph_, u, edge) ||
            (page(edge.target) && !page(u))) {
          continue;
        }
        retained.insert(NodeIndex(edge.target));
      }
    }
    for (uint32_t u = 0; u < n_; ++u) {
      if (visited(u) || retained.contains(NodeIndex(u))) continue;
      ++tree.orphan_count;
      Enter(u, kRootPre);
      Walk<false>(u);
    }
  }

  // --- the two sweeps -------------------------------------------------------------------------

  // The smallest semi on the tree path from v up to the first number <= w, all on it being linked.
  uint32_t Eval(uint32_t v, uint32_t w) {
    Link& link = link_[v];
    if (link.parent <= w) return link.label;
    path_.clear();
    uint32_t x = v;
    while (link_[x].parent > w) {
      path_.push_back(x);
      x = link_[x].parent;
    }
    const uint32_t top = link_[x].parent;
    uint32_t smallest = link_[x].label;
    while (!path_.empty()) {
      Link& l = link_[path_.back()];
      path_.pop_back();
      smallest = std::min(smallest, l.label);
      l = {top, smallest};
    }
    return smallest;
  }

  void ComputeSemidominators() {
    const uint32_t global_pre = global_ != 0 ? pre_[global_] : kRootPre;
    std::vector<uint32_t> batch;
    batch.reserve(64);
    for (uint32_t w = size_; w > kRootPre; --w) {
      if (w > 32) lists_->PrefetchList(link_[w - 32].label);
      if (w > 16) {
        if (const uint32_t* first = lists_->FirstOf(link_[w - 16].label)) Prefetch(&link_[*first]);
      }
      // No semidominator is smaller than a dominator.
      const uint32_t least = w <= last_page_pre_ ? global_pre : kRootPre;
      uint32_t s;
      if (single_.get(w)) {
        s = link_[w].parent;
      } else {
        s = semi_[w];
        const uint32_t list = link_[w].label;
        if (lists_->IsLong(list)) {
          const auto flush = [&] {
            for (uint32_t v : batch) s = s > least ? std::min(s, Eval(v, w)) : s;
            batch.clear();
          };
          lists_->ForEach(list, [&](uint32_t v) {
            Prefetch(&link_[v]);
            batch.push_back(v);
            if (batch.size() == 32) flush();
          });
          flush();
        } else {
          lists_->ForEach(list, [&](uint32_t v) { s = std::min(s, Eval(v, w)); });
        }
      }
      semi_[w] = s;
      link_[w].label = s;
    }
  }

  // Parents come from the walk's shape; idoms take the place of the compressed parents.
  void ComputeImmediateDominators() {
    std::vector<uint32_t> open;
    uint32_t w = 0;
    for (uint64_t i = 0; w < size_; ++i) {
      if (!shape_.entered(i)) {
        open.pop_back();
        continue;
      }
      ++w;
      if (w == kRootPre) {
        link_[w].parent = kRootPre;
      } else {
        uint32_t d = open.back();
        while (d > semi_[w]) d = link_[d].parent;
        link_[w].parent = d;
      }
      open.push_back(w);
    }
  }

  // From preorder numbers of the walk to places in a preorder of the dominator tree: subtree sizes
  // from a backward sweep, then every node takes the next free place in its dominator's range.
  void Finish(DominatorTree& tree) {
    for (uint32_t w = 1; w <= size_; ++w) link_[w].label = 1;
    for (uint32_t w = size_; w > kRootPre; --w) link_[link_[w].parent].label += link_[w].label;
    // From here on parent is the node's place and label the next free place below it: in the end
    // the place after its subtree. A dominator comes before what it dominates.
    link_[kRootPre] = {0, 1};
    for (uint32_t w = kRootPre + 1; w <= size_; ++w) {
      uint32_t& next = link_[link_[w].parent].label;
      const uint32_t place = next;
      next += link_[w].label;
      link_[w] = {place, place + 1};
    }
    // Unreachable cycles are the root's last children.
    link_[kRootPre].label = n_;
    uint32_t last = size_;
    tree.order = std::move(semi_);
    tree.order.Resize(n_);
    if (size_ < n_) {
      for (uint32_t u = 0; u < n_; ++u) {
        if (!visited(u)) tree.order[last++] = u;
      }
    }
    ParallelBlocks(threads_, n_, kNodeBlock, [&](size_t first, size_t end) {
      for (size_t u = first; u < end; ++u) {
        if (pre_[u] <= n_) tree.order[link_[pre_[u]].parent] = static_cast<uint32_t>(u);
      }
    });
    tree.subtree_end = std::move(pre_);
    ParallelBlocks(threads_, size_, kNodeBlock, [&](size_t first, size_t end) {
      for (size_t w = first + 1; w <= end; ++w) tree.subtree_end[link_[w].parent] = link_[w].label;
    });
    for (uint32_t place = size_; place < n_; ++place) tree.subtree_end[place] = place + 1;
    tree.page_objects = std::move(page_);
  }

  static constexpr uint32_t kFetchAhead = 12;
  static constexpr uint32_t kSmall = 100'000;  // nodes; a thread would not pay
  static constexpr size_t kNodeBlock = size_t{1} << 16;
  const HeapGraph& graph_;
  const unsigned threads_;
  const uint32_t* first_edge_;
  const RawEdge* edge_;
  const uint32_t n_;
  LeafTargets leaves_;
  Bits single_;    // by preorder number: one retainer
  Bits finished_;  // by preorder number: has left the walk's stack
  NodeSet page_;
  Array<uint32_t> pre_;   // node → preorder number, or its mark
  Array<Link> link_;      // by preorder number
  Array<uint32_t> semi_;  // top() of single-retainer nodes during the walk; in the end the place
  std::unique_ptr<CandidateLists> lists_;
  TreeShape shape_;
  std::vector<Frame> stack_;
  std::vector<uint32_t> path_;
  std::vector<uint32_t> page_only_;
  BatchWorker<Candidate> candidates_;  // the walk goes on while they are put into lists
  uint32_t size_ = 0;
  bool edges_to_root_ = false;
  uint32_t last_page_pre_ = 0;
  uint32_t global_ = 0;  // which hubs' retainers were replaced by, if that is not the root
  bool global_is_passed_by_ = false;
};

}  // namespace

DominatorTree ComputeDominatorOrder(const HeapGraph& graph, unsigned threads) {
  if (graph.node_count() == 0) return {};
  if (auto tree = SemiNca(graph, std::max(threads, 1u)).Run(true)) return std::move(*tree);
  // An unreachable page object leads to a hub, which the global object then does not dominate.
  return std::move(*SemiNca(graph, std::max(threads, 1u)).Run(false));
}

DominatorTree ComputeDominators(const HeapGraph& graph, unsigned threads) {
  DominatorTree tree = ComputeDominatorOrder(graph, threads);
  FillImmediateDominators(tree);
  return tree;
}

void FillImmediateDominators(DominatorTree& tree) {
  if (!tree.idom.empty() || tree.order.empty()) return;
  const auto n = static_cast<uint32_t>(tree.order.size());
  tree.idom = Array<uint32_t>(n);
  std::vector<uint32_t> open = {0};  // places whose subtree is not over
  for (uint32_t place = 1; place < n; ++place) {
    while (tree.subtree_end[open.back()] <= place) open.pop_back();
    tree.idom[tree.order[place]] = tree.order[open.back()];
    open.push_back(place);
  }
}

}  // namespace leaktrail
