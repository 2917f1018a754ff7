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
// 3. Memory. Arrays are shared between phases: a node's edge cursor while it is on the walk's stack
//    becomes the slot of 2a when it leaves; top(v) of a single-retainer node stands in its semi;
//    parents are destroyed by path compression and come back from the shape of the walk's tree,
//    two bits a node. 24 bytes a node at the peak, and the lists.
#include "analysis/dominators.h"

#include <algorithm>
#include <memory>
#include <vector>

namespace leaktrail {
namespace {

constexpr uint32_t kRootPre = 1;  // preorder numbers begin at 1; 0 means "not visited"

class Bits {
 public:
  explicit Bits(uint64_t size) : words_((size + 63) / 64) {}
  bool get(uint64_t i) const { return words_[i / 64] >> (i % 64) & 1; }
  void set(uint64_t i) { words_[i / 64] |= uint64_t{1} << (i % 64); }
  uint64_t word(uint64_t w) const { return words_[w]; }
  Array<uint64_t>& words() { return words_; }

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

// Singly linked lists of preorder numbers, appended in blocks so that growth never copies.
class CandidateLists {
 public:
  explicit CandidateLists(uint32_t slots) : head_(slots) {}
  void Add(uint32_t list, uint32_t value) {
    if (size_ % kBlock == 0) blocks_.emplace_back(kBlock);
    blocks_.back()[size_ % kBlock] = {value, head_[list]};
    head_[list] = ++size_;
  }
  template <typename Visit>
  void ForEach(uint32_t list, const Visit& visit) const {
    for (uint32_t at = head_[list]; at != 0;) {
      const Cell& c = blocks_[(at - 1) / kBlock][(at - 1) % kBlock];
      visit(c.value);
      at = c.next;
    }
  }
  // The value added last, 0 if there is none.
  uint32_t last(uint32_t list) const {
    const uint32_t at = head_[list];
    return at == 0 ? 0 : blocks_[(at - 1) / kBlock][(at - 1) % kBlock].value;
  }

 private:
  struct Cell {
    uint32_t value, next;
  };
  static constexpr uint32_t kBlock = 1u << 18;
  Array<uint32_t> head_;
  std::vector<Array<Cell>> blocks_;
  uint32_t size_ = 0;
};

class SemiNca {
 public:
  explicit SemiNca(const HeapGraph& graph)
      : graph_(graph),
        first_edge_(graph.columns().first_edge.data()),
        edge_(graph.columns().edge.data()),
        n_(graph.node_count()),
        has_ephemerons_(graph.strings().has_ephemerons()),
        single_node_(n_),
        single_(n_ + 1),
        finished_(n_ + 1),
        page_(n_),
        pre_(n_),
        vertex_(n_ + 1),
        parent_(n_ + 1),
        semi_(n_ + 1),
        label_(n_ + 1),
        lists_(n_ + 1),
        shape_(n_ + 1) {}

  DominatorTree Run() {
    DominatorTree tree;
    FindSingleRetainerNodes();
    WalkAll(tree);
    pre_ = {};
    ComputeSemidominators();
    lists_ = CandidateLists(0);
    ComputeImmediateDominators();
    Finish(tree);
    return tree;
  }

 private:
  // Nodes with exactly one edge into them that is not weak. Counting too many edges is safe: the
  // node is then only not shortened.
  void FindSingleRetainerNodes() {
    Bits once(n_), twice(n_);
    uint64_t* const o = once.words().data();
    uint64_t* const t = twice.words().data();
    const uint32_t edge_count = graph_.edge_count();
    for (uint32_t e = 0; e < edge_count; ++e) {
      const RawEdge& edge = edge_[e];
      const uint64_t mask = uint64_t{edge.type() != EdgeType::kWeak} << (edge.target % 64);
      const uint32_t w = edge.target / 64;
      t[w] |= o[w] & mask;
      o[w] |= mask;
    }
    for (uint64_t w = 0; w < single_node_.words().size(); ++w) {
      single_node_.words()[w] = ~twice.word(w);
    }
  }

  bool page(uint32_t node) const { return page_.contains(NodeIndex(node)); }

  // --- the walk -------------------------------------------------------------------------------

  void WalkAll(DominatorTree& tree) {
    Enter(0, 0);
    label_[kRootPre] = first_edge_[0];  // never read as a cursor; the root is on the stack for good
    const uint32_t begin = first_edge_[0], end = first_edge_[1];
    in_page_phase_ = true;
    for (uint32_t e = begin; e < end; ++e) {
      if (StartsPageObjects(e)) VisitFromRoot(edge_[e].target);
    }
    in_page_phase_ = false;
    last_page_pre_ = size_;
    if (edges_to_root_) page_.insert(NodeIndex(0));
    MarkRestOfPageObjects();
    for (uint32_t e = begin; e < end; ++e) {
      if (edge_[e].type() == EdgeType::kWeak || IsEphemeronOfTable(0, edge_[e])) continue;
      VisitFromRoot(edge_[e].target);
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

  void VisitFromRoot(uint32_t node) {
    if (node == 0) return;
    if (pre_[node] != 0) {
      const uint32_t w = pre_[node];
      if (!single_.get(w)) semi_[w] = kRootPre;
      return;
    }
    Walk(node);
  }

  void Enter(uint32_t node, uint32_t parent) {
    const uint32_t i = ++size_;
    pre_[node] = i;
    vertex_[i] = node;
    parent_[i] = parent;
    label_[i] = first_edge_[node];
    shape_.Enter();
    if (in_page_phase_ && i != kRootPre) page_.insert(NodeIndex(node));
    if (i != kRootPre && single_node_.get(node)) {
      single_.set(i);
      semi_[i] = single_.get(parent) ? semi_[parent] : parent;  // top(i)
    } else {
      semi_[i] = parent;
    }
  }

  // Rule 1 of the essential edges: the value of a WeakMap entry belongs to its key, not its table.
  bool IsEphemeronOfTable(uint32_t from, const RawEdge& edge) const {
    if (!has_ephemerons_ || edge.type() != EdgeType::kInternal) return false;
    const EphemeronName* name =
        graph_.strings().ephemeron(StringIndex(edge.label >> RawEdge::kTypeBits));
    return name != nullptr && name->table_id == graph_.columns().id[from];
  }

  // Depth-first from `start`, whose parent is the root.
  void Walk(uint32_t start) {
    Enter(start, kRootPre);
    uint32_t v = size_, node = start;
    uint32_t e = first_edge_[node], end = first_edge_[node + 1];
    bool from_page = page(node);
    for (;;) {
      if (e == end) {
        finished_.set(v);
        label_[v] = 0;
        shape_.Leave();
        v = parent_[v];
        if (v == kRootPre) return;
        node = vertex_[v];
        e = label_[v];
        end = first_edge_[node + 1];
        from_page = page(node);
        continue;
      }
      const RawEdge edge = edge_[e++];
      const EdgeType type = edge.type();
      if (type == EdgeType::kWeak) continue;
      const uint32_t target = edge.target;
      if (target == 0) {
        edges_to_root_ |= in_page_phase_;
        continue;
      }
      if (type == EdgeType::kShortcut || IsEphemeronOfTable(node, edge)) {
        if (in_page_phase_ && pre_[target] == 0) page_only_.push_back(target);
        continue;
      }
      const uint32_t w = pre_[target];
      if (!in_page_phase_ && !from_page && (w != 0 ? IsPagePre(w) : page(target))) continue;
      if (w == 0) {
        label_[v] = e;
        Enter(target, v);
        v = size_;
        node = target;
        e = first_edge_[node];
        end = first_edge_[node + 1];
        from_page = page(node);
      } else if (w > v) {
        if (semi_[w] > v) semi_[w] = v;  // w has a second retainer, so this is not top(w)
      } else if (w < v) {
        AddCandidate(w, v);
      }
    }
  }

  bool IsPagePre(uint32_t w) const { return w <= last_page_pre_ || page(vertex_[w]); }

  void AddCandidate(uint32_t w, uint32_t v) {
    const uint32_t top = single_.get(v) ? semi_[v] : v;
    if (top > w) {
      if (lists_.last(w) != top) lists_.Add(w, top);
    } else if (finished_.get(w)) {
      label_[w] = v;
    }  // else w is an ancestor of v, and on v's path
  }

  // What shortcut edges and WeakMap tables add to the page objects. Not walked for dominators.
  void MarkRestOfPageObjects() {
    std::vector<uint32_t> stack;
    const auto mark = [&](uint32_t node) {
      if (node == 0 ? page(0) : (pre_[node] != 0 || page(node))) return;
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
      Walk(u);
    }
  }

  // --- the two sweeps -------------------------------------------------------------------------

  // The smallest semi on the tree path from v up to the first number <= w, all on it being linked.
  uint32_t Eval(uint32_t v, uint32_t w) {
    if (parent_[v] <= w) return label_[v];
    path_.clear();
    uint32_t x = v;
    while (parent_[x] > w) {
      path_.push_back(x);
      x = parent_[x];
    }
    const uint32_t top = parent_[x];
    uint32_t smallest = label_[x];
    while (!path_.empty()) {
      x = path_.back();
      path_.pop_back();
      smallest = std::min(smallest, label_[x]);
      label_[x] = smallest;
      parent_[x] = top;
    }
    return smallest;
  }

  void ComputeSemidominators() {
    for (uint32_t w = size_; w > kRootPre; --w) {
      uint32_t s;
      if (single_.get(w)) {
        s = parent_[w];
      } else {
        s = semi_[w];
        if (label_[w] != 0) s = std::min(s, Eval(label_[w], w));
        lists_.ForEach(w, [&](uint32_t v) { s = std::min(s, Eval(v, w)); });
      }
      semi_[w] = s;
      label_[w] = s;
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
        parent_[w] = kRootPre;
      } else {
        uint32_t d = open.back();
        while (d > semi_[w]) d = parent_[d];
        parent_[w] = d;
      }
      open.push_back(w);
    }
  }

  void Finish(DominatorTree& tree) {
    semi_ = {};
    tree.idom = std::move(label_);
    tree.order = Array<uint32_t>(n_);
    // label_ has one slot more than there are nodes; it is only read by node.
    Array<uint32_t> idom(n_);
    Bits visited(n_);
    for (uint32_t i = 1; i <= size_; ++i) {
      const uint32_t node = vertex_[i];
      idom[node] = vertex_[parent_[i]];
      tree.order[i - 1] = node;
      visited.set(node);
    }
    uint32_t at = size_;
    for (uint32_t u = 0; u < n_ && at < n_; ++u) {
      if (!visited.get(u)) tree.order[at++] = u;  // idom is 0, the root
    }
    tree.idom = std::move(idom);
    tree.page_objects = std::move(page_);
  }

  const HeapGraph& graph_;
  const uint32_t* first_edge_;
  const RawEdge* edge_;
  const uint32_t n_;
  const bool has_ephemerons_;
  Bits single_node_;  // by node
  Bits single_;       // by preorder number
  Bits finished_;     // by preorder number: has left the walk's stack
  NodeSet page_;
  Array<uint32_t> pre_;     // node → preorder number
  Array<uint32_t> vertex_;  // preorder number → node
  Array<uint32_t> parent_;  // tree parent; compressed by Eval; in the end the idom
  Array<uint32_t> semi_;    // top() of single-retainer nodes during the walk
  Array<uint32_t> label_;   // edge cursor, then the slot of 2a, then the smallest semi below
  CandidateLists lists_;
  TreeShape shape_;
  std::vector<uint32_t> path_;
  std::vector<uint32_t> page_only_;
  uint32_t size_ = 0;
  uint32_t last_page_pre_ = 0;
  bool in_page_phase_ = false;
  bool edges_to_root_ = false;
};

}  // namespace

DominatorTree ComputeDominators(const HeapGraph& graph) {
  if (graph.node_count() == 0) return {};
  return SemiNca(graph).Run();
}

}  // namespace leaktrail
