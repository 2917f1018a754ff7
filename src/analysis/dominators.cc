// Semi-NCA (Georgiadis, Tarjan: "Finding Dominators Revisited", SODA 2004; the form of
// L. Georgiadis, R. F. Werneck et al., "Finding Dominators in Practice", JGAA 2006) over the
// essential edges, with three things of our own that heap graphs ask for.
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
//    few maps. That is noted in a byte a node beforehand; the walk then numbers such a node without
//    looking at its edges, provided that the map was visited already.
//
// 4. Memory, and the time it takes to reach. A walk over a heap is bound by cache misses, so what a
//    step needs stands together (parent and label in one word), what will be needed soon is
//    fetched ahead, and candidates of much-referenced nodes (maps, prototypes), which are most of
//    them and come in ascending order, are kept as byte-coded differences. Label is the head of a
//    node's candidate list until the sweep reaches it; top(v) of a single-retainer node stands in
//    its semi; parents are destroyed by path compression and come back from the shape of the walk's
//    tree, two bits a node. About 23 bytes a node at the peak, and 8 bytes a level of the stack.
#include "analysis/dominators.h"

#include <algorithm>
#include <array>
#include <functional>
#include <memory>
#include <new>
#include <unordered_map>
#include <vector>

#include "base/parallel.h"

namespace leaktrail {
namespace {

constexpr uint32_t kRootPre = 1;  // preorder numbers begin at 1; 0 means "not visited"
// From so many edges on a node's candidates are byte-coded.
constexpr uint8_t kManyRetainers = 24;

// Nodes whose single edge that counts leads to one of a few targets: code_of[node] is 0 for all
// others, else target[code].
struct LeafCodes {
  static constexpr uint32_t kMaxCodes = 255;
  Array<uint8_t> code_of;
  std::array<uint32_t, kMaxCodes + 1> target{};
};

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

// Preorder numbers in the order they were added, as differences to the one before.
class CodedList {
 public:
  void Add(uint32_t value) {
    if (value == last_) return;
    const int64_t step = int64_t{value} - int64_t{last_};
    auto code = static_cast<uint64_t>(step) << 1 ^ static_cast<uint64_t>(step >> 63);
    while (code >= 0x80) {
      bytes_.push_back(static_cast<uint8_t>(code | 0x80));
      code >>= 7;
    }
    bytes_.push_back(static_cast<uint8_t>(code));
    last_ = value;
  }
  template <typename Visit>
  void ForEach(const Visit& visit) const {
    int64_t value = 0;
    for (size_t at = 0; at < bytes_.size();) {
      uint64_t code = 0;
      for (unsigned shift = 0;; shift += 7) {
        const uint8_t b = bytes_[at++];
        code |= uint64_t{b & 0x7Fu} << shift;
        if (b < 0x80) break;
      }
      value += static_cast<int64_t>(code >> 1) ^ -static_cast<int64_t>(code & 1);
      visit(static_cast<uint32_t>(value));
    }
  }
  uint32_t slot = 0;  // of 2a; 0 if there is none

 private:
  std::vector<uint8_t> bytes_;
  uint32_t last_ = 0;
};

// Lists of preorder numbers. A list is named by a handle that its owner keeps.
//   0: empty · kCodedEmpty: empty, to be coded · kCoded + i: coded list i · else: cell number + 1
class CandidateLists {
 public:
  static constexpr uint32_t kCoded = 0x80000000u;
  static constexpr uint32_t kCodedEmpty = 0xFFFFFFFFu;

  void Add(uint32_t& handle, uint32_t value) {
    if (handle >= kCoded) return Coded(handle).Add(value);
    if (handle != 0 && cell(handle).value == value) return;
    AddCell(handle, value, 0);
  }
  void SetSlot(uint32_t& handle, uint32_t value) {
    if (handle >= kCoded) {
      Coded(handle).slot = value;
    } else if (handle != 0 && (cell(handle).next & kSlot) != 0) {
      cell(handle).value = value;
    } else {
      AddCell(handle, value, kSlot);  // an older slot further down does no harm
    }
  }
  void PrefetchList(uint32_t handle) const {
    if (handle != 0 && handle < kCoded) Prefetch(&cell(handle));
  }
  template <typename Visit>
  void ForEach(uint32_t handle, const Visit& visit) const {
    if (handle == 0 || handle == kCodedEmpty) return;
    if (handle < kCoded) {
      for (uint32_t at = handle; at != 0; at = cell(at).next & ~kSlot) visit(cell(at).value);
      return;
    }
    const CodedList& list = coded_[handle - kCoded];
    if (list.slot != 0) visit(list.slot);
    list.ForEach(visit);
  }
  bool IsLong(uint32_t handle) const { return handle >= kCoded && handle != kCodedEmpty; }

 private:
  struct Cell {
    uint32_t value, next;
  };
  static constexpr uint32_t kSlot = 0x80000000u;
  static constexpr uint32_t kBlock = 1u << 18;

  Cell& cell(uint32_t n) { return blocks_[(n - 1) / kBlock][(n - 1) % kBlock]; }
  const Cell& cell(uint32_t n) const { return blocks_[(n - 1) / kBlock][(n - 1) % kBlock]; }
  void AddCell(uint32_t& handle, uint32_t value, uint32_t flag) {
    if (size_ == kSlot - 1) throw std::bad_alloc();
    if (size_ % kBlock == 0) blocks_.emplace_back(kBlock);
    blocks_.back()[size_ % kBlock] = {value, handle | flag};
    handle = ++size_;
  }
  CodedList& Coded(uint32_t& handle) {
    if (handle == kCodedEmpty) {
      if (coded_.size() == kCodedEmpty - kCoded) throw std::bad_alloc();
      handle = kCoded + static_cast<uint32_t>(coded_.size());
      coded_.emplace_back();
    }
    return coded_[handle - kCoded];
  }

  std::vector<Array<Cell>> blocks_;
  std::vector<CodedList> coded_;
  uint32_t size_ = 0;
};

class SemiNca {
 public:
  SemiNca(const HeapGraph& graph, unsigned threads)
      : graph_(graph),
        threads_(threads),
        first_edge_(graph.columns().first_edge.data()),
        edge_(graph.columns().edge.data()),
        n_(graph.node_count()),
        has_ephemerons_(graph.strings().has_ephemerons()),
        single_node_(n_),
        many_node_(n_),
        single_(n_ + 1),
        finished_(n_ + 1),
        page_(n_),
        pre_(n_),
        link_(n_ + 1),
        semi_(n_ + 1),
        lists_(std::make_unique<CandidateLists>()),
        shape_(n_ + 1) {}

  DominatorTree Run() {
    DominatorTree tree;
    CountRetainers();
    CodeLeaves();
    WalkAll(tree);
    leaves_ = {};
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

  // Marks the nodes with at most one edge into them that is not weak, and those with many.
  // Counting edges that turn out not to be essential is safe: it only shortens less.
  void CountRetainers() {
    // Two threads at most: the counts are as large as a cache, and a third would only push them out.
    const unsigned workers = std::min(threads_, 2u);
    Array<uint8_t> counts[2] = {Array<uint8_t>(n_), Array<uint8_t>(workers == 2 ? n_ : 0)};
    const uint64_t edge_count = graph_.edge_count();
    RunWorkers(workers, [&](unsigned k) {
      uint8_t* const count = counts[k].data();
      const uint64_t end = edge_count * (k + 1) / workers;
      for (uint64_t e = edge_count * k / workers; e < end; ++e) {
        const RawEdge& edge = edge_[e];
        uint8_t& c = count[edge.target];
        c = static_cast<uint8_t>(c + (edge.type() != EdgeType::kWeak && c < kManyRetainers));
      }
    });
    ParallelBlocks(threads_, n_, kNodeBlock, [&](size_t first, size_t last) {
      for (size_t v = first; v < last; ++v) {
        const int count = counts[0][v] + (workers == 2 ? counts[1][v] : 0);
        if (count <= 1) single_node_.set(v);
        if (count >= kManyRetainers) many_node_.set(v);
      }
    });
  }

  // The only edge of a node that counts for the walk, if there is just one; else the root, 0.
  // Nothing to do with page objects: that rule is looked at when the edge is followed.
  uint32_t OnlyTarget(uint32_t node) const {
    uint32_t only = 0;
    for (uint32_t e = first_edge_[node]; e < first_edge_[node + 1]; ++e) {
      const RawEdge& edge = edge_[e];
      const EdgeType type = edge.type();
      if (type == EdgeType::kWeak) continue;
      // Shortcuts and WeakMap entries have rules of their own.
      if (only != 0 || edge.target == node || type == EdgeType::kShortcut ||
          (has_ephemerons_ && type == EdgeType::kInternal &&
           graph_.strings().ephemeron(StringIndex(edge.label >> RawEdge::kTypeBits)) != nullptr)) {
        return 0;
      }
      only = edge.target;
    }
    return only;
  }

  void CodeLeaves() {
    // The popular targets; of a large graph from every 61st node.
    std::unordered_map<uint32_t, uint32_t> votes;
    const uint32_t stride = n_ < 65536 ? 1 : 61;
    for (uint32_t v = 1; v < n_; v += stride) {
      if (const uint32_t t = OnlyTarget(v); t != 0 && many_node_.get(t)) ++votes[t];
    }
    std::vector<std::pair<uint32_t, uint32_t>> order;  // votes, target
    for (const auto& [t, count] : votes) order.emplace_back(count, t);
    std::sort(order.begin(), order.end(), std::greater<>());
    leaves_.code_of = Array<uint8_t>(n_);
    std::unordered_map<uint32_t, uint8_t> code_of_target;
    for (uint32_t i = 0; i < order.size() && i < LeafCodes::kMaxCodes; ++i) {
      leaves_.target[i + 1] = order[i].second;
      code_of_target[order[i].second] = static_cast<uint8_t>(i + 1);
    }
    ParallelBlocks(threads_, n_, kNodeBlock, [&](size_t first, size_t last) {
      for (auto v = static_cast<uint32_t>(std::max<size_t>(first, 1)); v < last; ++v) {
        const uint32_t t = OnlyTarget(v);
        if (t == 0 || !many_node_.get(t)) continue;
        const auto it = code_of_target.find(t);
        if (it != code_of_target.end()) leaves_.code_of[v] = it->second;
      }
    });
  }

  bool page(uint32_t node) const { return page_.contains(NodeIndex(node)); }

  // --- the walk -------------------------------------------------------------------------------

  void WalkAll(DominatorTree& tree) {
    Enter(0, 0);
    const uint32_t begin = first_edge_[0], end = first_edge_[1];
    for (uint32_t e = begin; e < end; ++e) {
      if (!StartsPageObjects(e)) continue;
      edges_to_root_ |= edge_[e].target == 0;
      VisitFromRoot<true>(edge_[e].target);
    }
    last_page_pre_ = size_;
    for (uint32_t u = 1; u < n_; ++u) {
      if (pre_[u] != 0) page_.insert(NodeIndex(u));
    }
    if (edges_to_root_) page_.insert(NodeIndex(0));
    MarkRestOfPageObjects();
    for (uint32_t e = begin; e < end; ++e) {
      if (edge_[e].type() == EdgeType::kWeak || IsEphemeronOfTable(0, edge_[e])) continue;
      VisitFromRoot<false>(edge_[e].target);
    }
    WalkOrphans(tree);
    tree.cyclic_count = n_ - size_;
    shape_.Leave();
  }

  bool StartsPageObjects(uint32_t e) const {
    if (edge_[e].type() == EdgeType::kShortcut) return true;
    const NodeIndex target(edge_[e].target);
    return edge_[e].type() == EdgeType::kElement &&
           graph_.type(target) == NodeType::kSynthetic &&
           graph_.NameIs(target, WellKnown::kDocumentDomTrees);
  }

  template <bool kPagePhase>
  void VisitFromRoot(uint32_t node) {
    if (node == 0) return;
    if (pre_[node] != 0) {
      const uint32_t w = pre_[node];
      if (!single_.get(w)) semi_[w] = kRootPre;
      return;
    }
    Walk<kPagePhase>(node);
  }

  void Number(uint32_t node, uint32_t parent) {
    const uint32_t i = ++size_;
    pre_[node] = i;
    link_[i] = {parent, many_node_.get(node) ? CandidateLists::kCodedEmpty : 0};
    shape_.Enter();
    if (i != kRootPre && single_node_.get(node)) {
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
      Prefetch(&leaves_.code_of[edge_[e].target]);
      Prefetch(&first_edge_[edge_[e].target]);
    }
  }

  // Rule 1 of the essential edges: the value of a WeakMap entry belongs to its key, not its table.
  bool IsEphemeronOfTable(uint32_t from, const RawEdge& edge) const {
    if (!has_ephemerons_ || edge.type() != EdgeType::kInternal) return false;
    const EphemeronName* name =
        graph_.strings().ephemeron(StringIndex(edge.label >> RawEdge::kTypeBits));
    return name != nullptr && name->table_id == graph_.columns().id[from];
  }

  // Depth-first from `start`, whose parent is the root. In the page phase every node that is met is
  // a page object, so the rule about them has nothing to forbid.
  template <bool kPagePhase>
  void Walk(uint32_t start) {
    Enter(start, kRootPre);
    uint32_t v = size_, node = start;
    uint32_t e = first_edge_[node], end = first_edge_[node + 1];
    bool from_page = !kPagePhase && page(node);
    uint32_t top = single_.get(v) ? semi_[v] : v;
    for (;;) {
      if (e == end) {
        finished_.set(v);
        shape_.Leave();
        if (stack_.empty()) return;
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
      if (type == EdgeType::kShortcut || IsEphemeronOfTable(node, edge)) {
        if (kPagePhase && w == 0) page_only_.push_back(target);
        continue;
      }
      if (!kPagePhase && !from_page && page(target)) continue;
      if (w == 0) {
        if (const uint8_t code = leaves_.code_of[target]; code != 0) {
          const uint32_t only = leaves_.target[code];
          if (const uint32_t x = pre_[only]; x != 0) {
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
        if (semi_[w] > v) semi_[w] = v;  // w has a second retainer, so this is not top(w)
      } else if (w < v) {
        AddCandidate(w, v, top);
      }
    }
  }

  void AddCandidate(uint32_t w, uint32_t v, uint32_t top) {
    if (top > w) {
      lists_->Add(link_[w].label, top);
    } else if (finished_.get(w)) {
      lists_->SetSlot(link_[w].label, v);
    }  // else w is an ancestor of v, and on v's path
  }

  // A node whose only edge leads to `only`, which has the number x already.
  template <bool kPagePhase>
  void NumberLeaf(uint32_t node, uint32_t parent, uint32_t only, uint32_t x) {
    Number(node, parent);
    finished_.set(size_);
    shape_.Leave();
    if (kPagePhase || page(node) || !page(only)) {
      AddCandidate(x, size_, single_.get(size_) ? semi_[size_] : size_);
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
      if (pre_[u] != 0) continue;
      for (uint32_t e = first_edge_[u]; e < first_edge_[u + 1]; ++e) {
        const RawEdge& edge = edge_[e];
        if (edge.type() == EdgeType::kWeak || edge.type() == EdgeType::kShortcut ||
            edge.target == u || IsEphemeronOfTable(u, edge) || (page(edge.target) && !page(u))) {
          continue;
        }
        retained.insert(NodeIndex(edge.target));
      }
    }
    for (uint32_t u = 0; u < n_; ++u) {
      if (pre_[u] != 0 || retained.contains(NodeIndex(u))) continue;
      ++tree.orphan_count;
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
    std::vector<uint32_t> batch;
    batch.reserve(64);
    for (uint32_t w = size_; w > kRootPre; --w) {
      if (w > 16) lists_->PrefetchList(link_[w - 16].label);
      uint32_t s;
      if (single_.get(w)) {
        s = link_[w].parent;
      } else {
        s = semi_[w];
        const uint32_t list = link_[w].label;
        if (lists_->IsLong(list)) {
          const auto flush = [&] {
            for (uint32_t v : batch) s = std::min(s, Eval(v, w));
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
    tree.order = Array<uint32_t>(n_);
    tree.subtree_end = Array<uint32_t>(n_);
    for (uint32_t w = 1; w <= size_; ++w) link_[w].label = 1;
    for (uint32_t w = size_; w > kRootPre; --w) link_[link_[w].parent].label += link_[w].label;
    // Unreachable cycles are the root's last children.
    tree.subtree_end[0] = n_;
    semi_[kRootPre] = 0;
    link_[kRootPre].label = 1;  // from here on: the next free place below a node
    for (uint32_t w = kRootPre + 1; w <= size_; ++w) {
      uint32_t& next = link_[link_[w].parent].label;
      const uint32_t place = next;
      next += link_[w].label;
      semi_[w] = place;
      tree.subtree_end[place] = next;
      link_[w].label = place + 1;
    }
    uint32_t last = size_;
    for (uint32_t u = 0; u < n_; ++u) {
      const uint32_t w = pre_[u];
      if (w != 0) {
        tree.order[semi_[w]] = u;
      } else {
        tree.order[last] = u;
        tree.subtree_end[last] = last + 1;
        ++last;
      }
    }
    tree.page_objects = std::move(page_);
  }

  static constexpr uint32_t kFetchAhead = 12;
  static constexpr size_t kNodeBlock = size_t{1} << 16;  // whole words of Bits
  LeafCodes leaves_;
  const HeapGraph& graph_;
  const unsigned threads_;
  const uint32_t* first_edge_;
  const RawEdge* edge_;
  const uint32_t n_;
  const bool has_ephemerons_;
  Bits single_node_;  // by node: one retainer
  Bits many_node_;    // by node: kManyRetainers and more
  Bits single_;       // by preorder number: one retainer
  Bits finished_;     // by preorder number: has left the walk's stack
  NodeSet page_;
  Array<uint32_t> pre_;   // node → preorder number
  Array<Link> link_;      // by preorder number
  Array<uint32_t> semi_;  // top() of single-retainer nodes during the walk; in the end the place
  std::unique_ptr<CandidateLists> lists_;
  TreeShape shape_;
  std::vector<Frame> stack_;
  std::vector<uint32_t> path_;
  std::vector<uint32_t> page_only_;
  uint32_t size_ = 0;
  uint32_t last_page_pre_ = 0;
  bool edges_to_root_ = false;
};

}  // namespace

DominatorTree ComputeDominatorOrder(const HeapGraph& graph, unsigned threads) {
  if (graph.node_count() == 0) return {};
  return SemiNca(graph, std::max(threads, 1u)).Run();
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
