// Semi-NCA (Georgiadis, Tarjan: "Finding Dominators Revisited", SODA 2004; the form of
// L. Georgiadis, R. F. Werneck et al., "Finding Dominators in Practice", JGAA 2006) over the
// essential edges, with five things of our own that heap graphs ask for.
//
// Semi-NCA numbers the nodes in depth-first preorder, finds for every node w its semidominator
//     semi(w) = the smallest v with a path v → … → w on which all between are larger than w,
// and takes as idom(w) the nearest ancestor of w in the dominator tree so far with a number <=
// semi(w). It ends after one walk and two sweeps over the nodes. An edge v → w matters in one of
// two ways: v < w (then v is an ancestor) gives the candidate v at once; v > w gives eval(v), the
// smallest semi on the tree path from v up to the first number <= w.
//
// 1. Half of the nodes lead to no cycle: core_graph.h. They are left out of the walk, and their
//    dominators follow from those of their retainers: outer_dominators.h. The other half, the core,
//    is laid out so that the walk finds what it needs of a node in one place.
//
// 2. Four fifths of the edges lead to a few hubs, which are retained from so many sides that only
//    the global object dominates them. hub_dominators.h proves that for many, without the walk.
//    If d dominates h immediately, then all edges into h may be replaced by one from d without a
//    change to any dominator: a path that a node x outside d's ancestors is not on leads to h in
//    the one graph if and only if one does in the other. So h becomes a single-retainer node that
//    is walked as a child of d, and edges into it are not in the core. The same goes for the global
//    object itself, whose dominator is the root. In most of Node's heaps the root leads to page
//    objects beside the global one (the wrappers of servers and pipes); then the root is d. Of the
//    edges to the hubs that are left, such as the map of a class of the app, most are left out on
//    trial (hub_sample.h), and looked at when the tree is there (left_out_edges.h).
//
// 3. One walk finds page objects too. What the root's shortcut edges reach is walked first. That
//    set, with what only shortcut or WeakMap table edges add to it, is the set of page objects,
//    so the rule "no edge from a non-page to a page object" can be told in the rest of the walk.
//
// 4. Most edges v > w say nothing new. Most nodes have a single retainer; their semi is their
//    parent. Let top(v) be the first of v, parent(v), … that is not such a node.
//    a) top(v) <= w: the path of eval(v) has only single-retainer nodes, so eval(v) is the first
//       number <= w on it, which for a later v can only be smaller (the walk moves right and meets
//       w's path higher up). Only the last such v counts: one slot a node. (If w is on the path,
//       the candidate is w itself and is dropped.)
//    b) top(v) > w: eval(v) = eval(top(v)), since the semis below top(v) are its descendants'
//       parents, all >= top(v). So v is replaced by top(v), and repetitions are dropped.
//    What remains is kept in lists: a few per cent of the edges.
//
// 5. Memory, and the time it takes to reach. A walk over a heap is bound by cache misses, so what a
//    step needs stands together (a record of the core; parent and label in one word), what will be
//    needed soon is fetched ahead, and candidates of much-referenced nodes, which come in ascending
//    order, are kept as byte-coded differences. Label is the head of a node's candidate list until
//    the sweep reaches it; top(v) of a single-retainer node stands in its semi; parents, which path
//    compression destroys, come from the shape of the walk's tree, two bits a node; the result
//    takes the place of the numbers.
#include "analysis/dominators.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "analysis/candidate_lists.h"
#include "analysis/core_graph.h"
#include "analysis/dominator_places.h"
#include "analysis/hub_dominators.h"
#include "analysis/node_marks.h"
#include "analysis/outer_dominators.h"
#include "base/batch_worker.h"
#include "base/parallel.h"

namespace leaktrail {
namespace {

constexpr uint32_t kRootPre = NumberedTree::kRoot;
constexpr uint32_t kNone = NumberedTree::kNone;

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

// What a run takes for granted. Where that turns out to be wrong it takes less for granted next time.
struct Assumptions {
  bool root_leads_to_pages = true;  // its children beside the global objects are page objects
  bool global_dominates = true;     // the only global object dominates all page objects
  HubSampleRule sample;
  std::vector<uint32_t> exempt;  // hubs that are not sampled, ascending
  int rounds = 0;                // in which hubs were exempted
};

class SemiNca {
 public:
  SemiNca(const HeapGraph& graph, unsigned threads, Array<uint8_t> marks, Assumptions& assumed)
      : graph_(graph),
        threads_(threads),
        first_edge_(graph.columns().first_edge.data()),
        edge_(graph.columns().edge.data()),
        n_(graph.node_count()),
        assumed_(assumed),
        marks_(std::move(marks)),
        page_(n_),
        candidates_(threads > 1,
                    [this](std::span<const Candidate> batch) { PutCandidates(batch); }) {}

  // Nothing if an assumption was wrong, which is taken back then.
  std::optional<DominatorTree> Run() {
    DominatorTree tree;
    LayOut();
    if (!WalkAll(tree)) return std::nullopt;
    NumberNodes();
    OuterDominators outer(graph_, marks_, last_page_pre_, numbered_, page_);
    Beside([&](const std::atomic<bool>& stop) { outer.LookAhead(stop); },
           [&] {
             RestoreParents();
             ComputeSemidominators();
             lists_.reset();
             ComputeImmediateDominators();
           });
    AddOuterNodesTo(tree, outer);
    if (GlobalIsPassedBy()) {
      assumed_.global_dominates = false;
      return std::nullopt;
    }
    marks_ = {};
    DominatorPlaces places(graph_, core_.sample, late_hubs_, page_, numbered_, size_, threads_);
    const std::vector<uint32_t> wrong = places.Fill(tree, outer.cyclic_count() == 0);
    if (!wrong.empty()) {
      Exempt(wrong);
      return std::nullopt;
    }
    tree.page_objects = std::move(page_);
    return tree;
  }

 private:
  struct Link {
    uint32_t dominator;  // tree parent, compressed by Eval; in the end the idom
    uint32_t label;      // candidate list, then the smallest semi on the compressed path
  };
  struct Frame {
    uint32_t v, edge;
  };
  struct Candidate {
    uint32_t w, value;
    bool is_slot;
  };

  // --- what to walk ---------------------------------------------------------------------------

  void LayOut() {
    for (uint32_t e = first_edge_[0]; e < first_edge_[1]; ++e) {
      marks_[edge_[e].target] |= NodeMark::kKept;
      if (StartsPageObjects(e) && edge_[e].target != 0) starts_.push_back(edge_[e].target);
      root_is_page_ |= StartsPageObjects(e) && edge_[e].target == 0;
    }
    std::sort(starts_.begin(), starts_.end());
    starts_.erase(std::unique(starts_.begin(), starts_.end()), starts_.end());
    FindHubs();
    for (uint32_t start : starts_) marks_[start] |= NodeMark::kReplaced;
    for (uint32_t hub : hubs_) marks_[hub] |= NodeMark::kReplaced;
    core_ = BuildCoreGraph(graph_, marks_, threads_, assumed_.sample, assumed_.exempt);
    words_ = core_.words.data();
    list_ = Array<uint32_t>(core_.core_count + 1);
    semi_ = Array<uint32_t>(core_.core_count + 1);
    single_ = Bits(core_.core_count + 1);
    finished_ = Bits(core_.core_count + 1);
    shape_ = TreeShape(core_.core_count + 1);
    lists_ = std::make_unique<CandidateLists>();
  }

  bool StartsPageObjects(uint32_t e) const {
    if (edge_[e].type() == EdgeType::kShortcut) return true;
    const NodeIndex target(edge_[e].target);
    return edge_[e].type() == EdgeType::kElement && graph_.type(target) == NodeType::kSynthetic &&
           graph_.NameIs(target, WellKnown::kDocumentDomTrees);
  }

  void FindHubs() {
    if (starts_.empty()) return;
    if (assumed_.root_leads_to_pages) roots_ = OtherChildrenOfRoot();
    if (starts_.size() > 1 || !roots_.empty()) {
      std::vector<uint32_t> children = starts_;
      children.insert(children.end(), roots_.begin(), roots_.end());
      hubs_ = FindHubsDominatedBy(graph_, 0, children, starts_.size(), marks_);
      return;
    }
    if (!assumed_.global_dominates) return;
    // All page objects are dominated by the only global object.
    const uint32_t global = starts_[0];
    std::vector<uint32_t> children;
    for (uint32_t e = first_edge_[global]; e < first_edge_[global + 1]; ++e) {
      if (!IsNeverEssential(graph_, global, edge_[e])) children.push_back(edge_[e].target);
    }
    hubs_ = FindHubsDominatedBy(graph_, global, children, children.size(), marks_);
    if (!hubs_.empty()) global_ = global;
  }

  // What the embedder holds: in Node the wrappers of handles. V8's own kinds of roots are no page
  // objects; nothing else leads to them.
  std::vector<uint32_t> OtherChildrenOfRoot() const {
    constexpr size_t kMost = 64;
    std::vector<uint32_t> children;
    for (uint32_t e = first_edge_[0]; e < first_edge_[1]; ++e) {
      const uint32_t child = edge_[e].target;
      if (child == 0 || IsNeverEssential(graph_, 0, edge_[e]) ||
          std::binary_search(starts_.begin(), starts_.end(), child) ||
          std::find(children.begin(), children.end(), child) != children.end() ||
          (marks_[child] & NodeMark::kSingle) != 0) {
        continue;
      }
      if (children.size() == kMost) return {};
      children.push_back(child);
    }
    return children;
  }

  bool outer(uint32_t node) const { return (marks_[node] & NodeMark::kOuter) != 0; }

  // --- the walk -------------------------------------------------------------------------------

  bool visited(uint32_t core_node) const {
    return words_[core_.record(core_node)] < CoreGraph::kUnvisited;
  }

  bool WalkAll(DominatorTree& tree) {
    single_.set(kRootPre);  // no edge into it says anything
    Number(CoreGraph::kRootRecord, kRootPre);
    WalkPageObjects();
    last_page_pre_ = size_;
    if (!std::all_of(roots_.begin(), roots_.end(), [&](uint32_t r) { return visited(r); })) {
      assumed_.root_leads_to_pages = false;
      return false;
    }
    for (uint32_t hub : core_.sample.hubs()) late_hubs_.push_back(!visited(hub));
    MarkRestOfPageObjects();
    for (uint32_t e = first_edge_[0]; e < first_edge_[1]; ++e) {
      if (edge_[e].type() == EdgeType::kWeak || IsEphemeronOfTable(graph_, 0, edge_[e])) continue;
      VisitFromRoot<false>(edge_[e].target);
    }
    if (!AreSampledHubsReached()) return false;
    if (size_ < core_.core_count) WalkOrphans(tree);
    candidates_.Finish();
    tree.cyclic_count = core_.core_count - size_;
    shape_.Leave();
    return true;
  }

  // One that is not may be an orphan only for want of an edge that was left out.
  bool AreSampledHubsReached() {
    std::vector<uint32_t> unvisited;
    for (size_t i = 0; i < core_.sample.hubs().size(); ++i) {
      const uint32_t hub = core_.sample.hubs()[i];
      if (core_.sample.lacks_edges(i) && !visited(hub)) unvisited.push_back(hub);
    }
    if (unvisited.empty()) return true;
    Exempt(unvisited);
    return false;
  }

  void Exempt(const std::vector<uint32_t>& hubs) {
    constexpr int kMostRounds = 3;
    std::vector<uint32_t>& exempt = assumed_.exempt;
    exempt.insert(exempt.end(), hubs.begin(), hubs.end());
    std::sort(exempt.begin(), exempt.end());
    if (++assumed_.rounds == kMostRounds) assumed_.sample.many_retainers = kNone;
  }

  void WalkPageObjects() {
    if (global_ == 0) WalkHubs(kRootPre);
    for (uint32_t start : starts_) {
      if (start != global_) {
        VisitFromRoot<true>(start);
        continue;
      }
      const uint32_t record = core_.record(start);
      Enter(record, kRootPre);
      WalkHubs(size_);
      Walk<true>(record);
    }
  }

  // As if the only edge into each hub came from `parent`, which is being walked.
  void WalkHubs(uint32_t parent) {
    for (uint32_t hub : hubs_) {
      const uint32_t record = core_.record(hub);
      Enter(record, parent);
      Walk<true>(record);
    }
  }

  template <bool kPagePhase>
  void VisitFromRoot(uint32_t node) {
    if (node == 0) return;
    const uint32_t record = core_.record(node);
    const uint32_t w = words_[record];
    if (w >= CoreGraph::kUnvisited) {
      Enter(record, kRootPre);
      Walk<kPagePhase>(record);
      return;
    }
    if (!kPagePhase && w <= last_page_pre_ && node != global_) other_way_ = true;
    if (!single_.get(w)) semi_[w] = kRootPre;
  }

  void Number(uint32_t record, uint32_t parent) {
    const uint32_t i = ++size_;
    const uint32_t header = words_[record];
    words_[record] = i;
    if ((header & CoreGraph::kManyFlag) != 0) list_[i] = CandidateLists::kCodedEmpty;
    shape_.Enter();
    if ((header & CoreGraph::kPageOnlyFlag) != 0) page_only_pre_.set(i);
    if ((header & CoreGraph::kSingleFlag) != 0) {
      single_.set(i);
      semi_[i] = single_.get(parent) ? semi_[parent] : parent;  // top(i)
    } else {
      semi_[i] = parent;
    }
  }

  void Enter(uint32_t record, uint32_t parent) {
    Number(record, parent);
    const uint32_t* edge = words_ + record + 1;
    for (uint32_t k = 0; k < kFetchAhead; ++k, ++edge) {
      Prefetch(words_ + (*edge & ~CoreGraph::kLastEdge));
      if ((*edge & CoreGraph::kLastEdge) != 0) break;
    }
  }

  // Depth-first from `start`, which was entered. In the page phase every node that is met is a page
  // object, so the rule about them has nothing to forbid.
  template <bool kPagePhase>
  void Walk(uint32_t start) {
    const size_t bottom = stack_.size();
    uint32_t v = words_[start];
    uint32_t e = start + 1;  // 0: after the last edge
    bool from_page = !kPagePhase && is_page_only(v);
    uint32_t top = single_.get(v) ? semi_[v] : v;
    for (;;) {
      if (e == 0) {
        finished_.set(v);
        shape_.Leave();
        if (stack_.size() == bottom) return;
        v = stack_.back().v;
        e = stack_.back().edge;
        stack_.pop_back();
        from_page = !kPagePhase && is_page_only(v);
        top = single_.get(v) ? semi_[v] : v;
        continue;
      }
      const uint32_t word = words_[e];
      e = (word & CoreGraph::kLastEdge) != 0 ? 0 : e + 1;
      const uint32_t target = word & ~CoreGraph::kLastEdge;
      const uint32_t w = words_[target];
      if (w >= CoreGraph::kUnvisited) {
        if (!kPagePhase && !from_page && (w & CoreGraph::kPageOnlyFlag) != 0) continue;
        stack_.push_back({v, e});
        Enter(target, v);
        v = size_;
        e = target + 1;
        from_page = !kPagePhase && is_page_only(v);
        top = single_.get(v) ? semi_[v] : v;
        continue;
      }
      if (!kPagePhase && !from_page && (w <= last_page_pre_ || is_page_only(w))) continue;
      if (w > v) {
        // If w has a second retainer; else this is top(w), and v its only one.
        if (semi_[w] > v && !single_.get(w)) semi_[w] = v;
      } else if (w < v && !single_.get(w)) {  // else its retainers were replaced
        if (top > w) {
          candidates_.Push({w, top, false});
        } else if (finished_.get(w)) {
          candidates_.Push({w, v, true});
        }  // else w is an ancestor of v, and on v's path
      }
    }
  }

  bool is_page_only(uint32_t pre) const { return !page_only_.empty() && page_only_pre_.get(pre); }

  // Lists are far apart in memory, so their heads and then their last cells are fetched ahead.
  void PutCandidates(std::span<const Candidate> batch) {
    constexpr size_t kHead = 24, kCell = 12;
    for (size_t i = 0; i < batch.size(); ++i) {
      if (i + kHead < batch.size()) Prefetch(&list_[batch[i + kHead].w]);
      if (i + kCell < batch.size()) lists_->PrefetchList(list_[batch[i + kCell].w]);
      const Candidate& c = batch[i];
      uint32_t& list = list_[c.w];
      c.is_slot ? lists_->SetSlot(list, c.value) : lists_->Add(list, c.value);
    }
  }

  // What shortcut edges and WeakMap tables add to the page objects. Not walked for dominators.
  void MarkRestOfPageObjects() {
    std::vector<uint32_t> open;
    const auto mark = [&](uint32_t node) {
      if (page_.contains(NodeIndex(node))) return;
      if (node == 0) {
        root_is_page_ = true;
      } else if (!outer(node)) {
        uint32_t& header = words_[core_.record(node)];
        if (header <= last_page_pre_) return;
        header |= CoreGraph::kPageOnlyFlag;
      }
      page_.insert(NodeIndex(node));
      open.push_back(node);
      if (node != 0) page_only_.push_back(node);
    };
    if (root_is_page_) mark(0);
    for (uint32_t u : core_.special) {
      if (!visited(u)) continue;
      for (uint32_t e = first_edge_[u]; e < first_edge_[u + 1]; ++e) {
        if (edge_[e].type() != EdgeType::kWeak &&
            (edge_[e].target == 0 || IsNeverEssential(graph_, u, edge_[e]))) {
          mark(edge_[e].target);
        }
      }
    }
    while (!open.empty()) {
      const uint32_t node = open.back();
      open.pop_back();
      for (uint32_t e = first_edge_[node]; e < first_edge_[node + 1]; ++e) {
        if (edge_[e].type() != EdgeType::kWeak) mark(edge_[e].target);
      }
    }
    if (!page_only_.empty()) page_only_pre_ = Bits(core_.core_count + 1);
    other_way_ |= !page_only_.empty();
  }

  // Core nodes that the root does not reach and that have no essential retainer. An essential
  // retainer of an unvisited node is itself unvisited.
  void WalkOrphans(DominatorTree& tree) {
    const std::vector<uint32_t> unvisited = UnvisitedCoreNodes();
    const auto is_page = [&](uint32_t u) {
      return (words_[core_.record(u)] & CoreGraph::kPageOnlyFlag) != 0;
    };
    NodeSet retained(n_);
    for (uint32_t u : unvisited) {
      for (uint32_t e = first_edge_[u]; e < first_edge_[u + 1]; ++e) {
        const uint32_t target = edge_[e].target;
        if (!outer(target) && target != u && !visited(target) &&
            !IsNeverEssential(graph_, u, edge_[e]) && (is_page(u) || !is_page(target))) {
          retained.insert(NodeIndex(target));
        }
      }
    }
    for (uint32_t u : unvisited) {
      if (visited(u) || retained.contains(NodeIndex(u))) continue;
      ++tree.orphan_count;
      Enter(core_.record(u), kRootPre);
      Walk<false>(core_.record(u));
    }
  }

  std::vector<uint32_t> UnvisitedCoreNodes() const {
    std::vector<std::vector<uint32_t>> in_block(n_ / kNodeBlock + 1);
    ParallelBlocks(threads_, n_, kNodeBlock, [&](size_t first, size_t end) {
      core_.core.ForEachFrom(first, end, [&](size_t node, uint32_t rank) {
        if (words_[core_.record_of[rank]] >= CoreGraph::kUnvisited) {
          in_block[first / kNodeBlock].push_back(static_cast<uint32_t>(node));
        }
      });
    });
    std::vector<uint32_t> unvisited;
    for (const std::vector<uint32_t>& nodes : in_block) {
      unvisited.insert(unvisited.end(), nodes.begin(), nodes.end());
    }
    return unvisited;
  }

  // Outer nodes get the numbers after those of the walk. The core graph is not needed any more.
  void NumberNodes() {
    Array<uint32_t> of_core = std::move(core_.record_of);
    ParallelBlocks(threads_, of_core.size(), kNodeBlock, [&](size_t first, size_t end) {
      for (size_t i = first; i < end; ++i) {
        const uint32_t w = words_[of_core[i]];
        of_core[i] = w < CoreGraph::kUnvisited ? w : kNone;
      }
    });
    core_.words = {};
    core_size_ = size_;
    numbered_.number = NodeNumbers(core_.core, core_.last, std::move(of_core), core_size_);
    core_.core = {};
    core_.last = {};
  }

  struct Setter {
    std::atomic<bool>& flag;
    ~Setter() { flag = true; }
  };

  // Runs `ahead`, which is told when to stop, on a second thread, if there is one, beside `rest`.
  template <typename Ahead, typename Rest>
  void Beside(const Ahead& ahead, const Rest& rest) {
    if (threads_ == 1) return rest();
    std::atomic<bool> stop{false};
    RunWorkers(2, [&](unsigned k) {
      if (k == 0) return ahead(stop);
      const Setter at_end{stop};
      rest();
    });
  }

  // --- the two sweeps -------------------------------------------------------------------------

  // Calls enter(w, parent) for the nodes in walk order; the root is its own parent.
  template <typename EnterNode>
  void ForEachInWalkOrder(const EnterNode& enter) const {
    std::vector<uint32_t> open;
    uint32_t w = 0;
    for (uint64_t i = 0; w < size_; ++i) {
      if (!shape_.entered(i)) {
        open.pop_back();
        continue;
      }
      ++w;
      enter(w, open.empty() ? kRootPre : open.back());
      open.push_back(w);
    }
  }

  // In memory that the core graph has left.
  void RestoreParents() {
    link_ = Array<Link>(size_ + 1);
    ForEachInWalkOrder([&](uint32_t w, uint32_t parent) { link_[w] = {parent, list_[w]}; });
    list_ = {};
  }

  // The smallest semi on the tree path from v up to the first number <= w, all on it being linked.
  uint32_t Eval(uint32_t v, uint32_t w) {
    Link& link = link_[v];
    if (link.dominator <= w) return link.label;
    path_.clear();
    uint32_t x = v;
    while (link_[x].dominator > w) {
      path_.push_back(x);
      x = link_[x].dominator;
    }
    const uint32_t top = link_[x].dominator;
    uint32_t smallest = link_[x].label;
    while (!path_.empty()) {
      Link& l = link_[path_.back()];
      path_.pop_back();
      smallest = std::min(smallest, l.label);
      l = {top, smallest};
    }
    return smallest;
  }

  uint32_t DominatorOfPages() const {
    return starts_.size() == 1 && !other_way_ ? numbered_.number.of(starts_[0]) : kRootPre;
  }

  void ComputeSemidominators() {
    const uint32_t page_least = DominatorOfPages();
    std::vector<uint32_t> batch;
    batch.reserve(64);
    for (uint32_t w = size_; w > kRootPre; --w) {
      if (w > 32) lists_->PrefetchList(link_[w - 32].label);
      if (w > 16) {
        if (const uint32_t* first = lists_->FirstOf(link_[w - 16].label)) Prefetch(&link_[*first]);
      }
      // No semidominator is smaller than a dominator.
      const uint32_t least = w <= last_page_pre_ ? page_least : kRootPre;
      uint32_t s;
      if (single_.get(w)) {
        s = link_[w].dominator;
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
    ForEachInWalkOrder([&](uint32_t w, uint32_t parent) {
      uint32_t d = parent;
      while (d > semi_[w]) d = link_[d].dominator;
      link_[w].dominator = d;
    });
  }

  // --- the outer nodes ------------------------------------------------------------------------

  void AddOuterNodesTo(DominatorTree& tree, OuterDominators& outer) {
    semi_ = {};
    numbered_.dominator = Array<uint32_t>(n_ + 1);
    ParallelBlocks(threads_, size_, kNodeBlock, [&](size_t first, size_t end) {
      for (size_t w = first + 1; w <= end; ++w) numbered_.dominator[w] = link_[w].dominator;
    });
    link_ = {};
    size_ = core_size_ + n_ - core_.core_count;
    outer.Complete(DominatorOfPages(), threads_);
    tree.orphan_count += outer.orphan_count();
    tree.cyclic_count += outer.cyclic_count();
  }

  // --- the end --------------------------------------------------------------------------------

  // By an edge from a node that it does not dominate to one that it was taken to dominate.
  bool GlobalIsPassedBy() {
    if (global_ == 0 || !other_way_) return false;
    for (uint32_t e = first_edge_[0]; e < first_edge_[1]; ++e) {
      const uint32_t target = edge_[e].target;
      if (edge_[e].type() == EdgeType::kWeak || IsEphemeronOfTable(graph_, 0, edge_[e])) continue;
      if (target != 0 && target != global_ && numbered_.number.of(target) <= last_page_pre_)
        return true;
    }
    CommonDominators common(numbered_);
    const uint32_t global = numbered_.number.of(global_);
    NodeSet page_only(n_);
    for (uint32_t u : page_only_) page_only.insert(NodeIndex(u));
    for (uint32_t u : page_only_) {
      const uint32_t number = numbered_.number.of(u);
      if (number == kNone || common.Find(global, number) == global) continue;
      for (uint32_t e = first_edge_[u]; e < first_edge_[u + 1]; ++e) {
        const uint32_t target = edge_[e].target;
        if (target != 0 && target != global_ && !page_only.contains(NodeIndex(target)) &&
            !IsNeverEssential(graph_, u, edge_[e])) {
          return true;
        }
      }
    }
    return false;
  }

  static constexpr uint32_t kFetchAhead = 12;
  static constexpr size_t kNodeBlock = size_t{1} << 16;
  const HeapGraph& graph_;
  const unsigned threads_;
  const uint32_t* first_edge_;
  const RawEdge* edge_;
  const uint32_t n_;
  Assumptions& assumed_;
  Array<uint8_t> marks_;
  std::vector<uint32_t> starts_;  // of the page objects
  std::vector<uint32_t> roots_;   // page objects that the root leads to, too
  std::vector<uint32_t> hubs_;
  uint32_t global_ = 0;  // which hubs' retainers were replaced by, if that is not the root
  CoreGraph core_;
  uint32_t* words_ = nullptr;
  Bits single_{0};         // by number: one retainer
  Bits finished_{0};       // by number: has left the walk's stack
  Bits page_only_pre_{0};  // by number, of page_only_
  NodeSet page_;
  NumberedTree numbered_;  // after the walk
  Array<uint32_t> list_;   // by number, of core nodes: candidates, during the walk
  Array<Link> link_;       // by number, of core nodes, after it
  Array<uint32_t> semi_;   // by number, of core nodes; top() of single-retainer nodes in the walk
  std::unique_ptr<CandidateLists> lists_;
  TreeShape shape_{0};
  std::vector<Frame> stack_;
  std::vector<uint32_t> path_;
  std::vector<bool> late_hubs_;        // by sampled hub: not met as a page object
  std::vector<uint32_t> page_only_;    // page objects that no edge that counts leads to
  BatchWorker<Candidate> candidates_;  // the walk goes on while they are put into lists
  uint32_t size_ = 0;
  uint32_t core_size_ = 0;
  uint32_t last_page_pre_ = 0;
  bool root_is_page_ = false;
  bool other_way_ = false;  // page objects may be reached by a way around the global object
};

}  // namespace

Array<uint8_t> MarkNodesForDominators(const HeapGraph& graph, unsigned threads,
                                      const HubSampleRule& sample) {
  return MarkNodes(graph, std::max(threads, 1u), sample.many_retainers);
}

DominatorTree ComputeDominatorOrder(const HeapGraph& graph, unsigned threads, Array<uint8_t> marks,
                                    const HubSampleRule& sample) {
  if (graph.node_count() == 0) return {};
  threads = std::max(threads, 1u);
  Assumptions assumed;
  assumed.sample = sample;
  for (;;) {
    if (auto tree = SemiNca(graph, threads, std::move(marks), assumed).Run()) {
      return std::move(*tree);
    }
    marks = MarkNodesForDominators(graph, threads, assumed.sample);
  }
}

DominatorTree ComputeDominators(const HeapGraph& graph, unsigned threads,
                                const HubSampleRule& sample) {
  DominatorTree tree =
      ComputeDominatorOrder(graph, threads, MarkNodesForDominators(graph, threads, sample), sample);
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
