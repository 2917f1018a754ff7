#include "analysis/trail_tree.h"

#include <algorithm>
#include <array>

#include "base/parallel.h"

namespace leaktrail {
namespace {

constexpr size_t kBlock = 1 << 14;  // nodes
constexpr size_t kAhead = 24;       // nodes whose values are fetched before they are needed
constexpr uint64_t kElementEdge = HashName("[]");

// Hidden nodes that belong to code and shapes. Up to Node 18 shapes are of type hidden too.
constexpr std::array<uint64_t, 26> kNoiseNames = {
    HashName("system / Map"),
    HashName("system / DescriptorArray"),
    HashName("system / FeedbackVector"),
    HashName("system / FeedbackCell"),
    HashName("system / FeedbackMetadata"),
    HashName("system / ClosureFeedbackCellArray"),
    HashName("system / BytecodeArray"),
    HashName("system / ScopeInfo"),
    HashName("system / TransitionArray"),
    HashName("system / PrototypeInfo"),
    HashName("system / AllocationSite"),
    HashName("system / AllocationMemento"),
    HashName("system / LoadHandler"),
    HashName("system / StoreHandler"),
    HashName("system / EnumCache"),
    HashName("system / PreparseData"),
    HashName("system / UncompiledDataWithPreparseData"),
    HashName("system / UncompiledDataWithoutPreparseData"),
    HashName("system / SharedFunctionInfo"),
    HashName("system / Script"),
    HashName("system / CodeDataContainer"),
    HashName("system / ClassPositions"),
    HashName("system / ObjectBoilerplateDescription"),
    HashName("system / ArrayBoilerplateDescription"),
    HashName("system / AccessorInfo"),
    HashName("system / WeakArrayList")};
constexpr std::array<uint64_t, 9> kNoiseArrays = {
    HashName("(map descriptors)"),       HashName("(transition array)"),
    HashName("(function scope info)"),   HashName("(code relocation info)"),
    HashName("(source position table)"), HashName("(code deopt data)"),
    HashName("(dependent code)"),        HashName("(script line ends)"),
    HashName("(constant pool)")};
constexpr uint64_t kCell = HashName("system / Cell");
// What closures and objects hold of code and shapes.
constexpr std::array<uint64_t, 8> kNoiseEdges = {
    HashName("feedback_cell"), HashName("feedback_vector_cell"),
    HashName("shared"),        HashName("code"),
    HashName("map"),           HashName("initial_map"),
    HashName("script"),        HashName("scope_info")};
constexpr uint64_t kProtoEdge = HashName("__proto__");

template <size_t N>
bool IsOneOf(uint64_t h, const std::array<uint64_t, N>& set) {
  return std::find(set.begin(), set.end(), h) != set.end();
}

// An object with so many properties whose names are its own is used as a dictionary.
constexpr uint32_t kDictionarySize = 64;

struct Label {
  uint64_t hash = 0;  // 0: the dominator does not hold the node itself
  bool many = false;
  bool noise = false;
};

class Walk {
 public:
  Walk(const SnapshotView& view) : v_(view), g_(*view.graph), names_(*view.names) {}

  // For each node the edge from its dominator, if there is one: the first by name, else an element.
  // A node has one dominator, so workers on different nodes never write the same place.
  Array<uint32_t> EdgesFromDominators(unsigned threads) const {
    Array<uint32_t> edge_of(g_.node_count());  // 1 + edge
    if (edge_of.empty()) return edge_of;
    const Array<uint32_t>& idom = v_.dominators->idom;
    ParallelBlocks(threads, g_.node_count(), kBlock, [&](size_t first, size_t last) {
      const uint32_t all = g_.edge_count();
      for (auto n = static_cast<uint32_t>(first); n < last; ++n) {
        for (const EdgeIndex e : g_.edges_of(NodeIndex(n))) {
          if (e.value() + kAhead < all) {
            __builtin_prefetch(&idom[g_.columns().edge[e.value() + kAhead].target]);
          }
          const uint32_t t = g_.target(e).value();
          if (idom[t] != n || t == n) continue;
          const EdgeType type = g_.edge_type(e);
          if (type == EdgeType::kWeak || type == EdgeType::kShortcut) continue;
          uint32_t& best = edge_of[t];
          if (best == 0 || Prefer(e, EdgeIndex(best - 1))) best = e.value() + 1;
        }
      }
    });
    return edge_of;
  }

  // Role and class of each node by itself; noise has no class.
  void Classify(unsigned threads, Array<uint8_t>& role, Array<uint64_t>& class_of) const {
    const uint32_t count = g_.node_count();
    Array<uint32_t> location_of(count);  // 1 + position in locations()
    if (location_of.empty()) return;
    for (size_t i = 0; i < g_.locations().size(); ++i) {
      location_of[g_.locations()[i].node.value()] = static_cast<uint32_t>(i) + 1;
    }
    ParallelBlocks(threads, count, kBlock, [&](size_t first, size_t last) {
      for (auto n = static_cast<uint32_t>(first); n < last; ++n) {
        const NodeRole r = RoleByType(g_, names_, NodeIndex(n));
        role[n] = static_cast<uint8_t>(r);
        if (r != NodeRole::kVisible) continue;
        const uint32_t at = location_of[n];
        class_of[n] = ClassHash(v_, NodeIndex(n), at == 0 ? nullptr : &g_.locations()[at - 1]);
      }
    });
  }

  Label LabelOf(uint32_t edge_plus_one, NodeRole from) const {
    if (edge_plus_one == 0) return {};
    const EdgeIndex e(edge_plus_one - 1);
    if (NamedByIndex(g_.edge_type(e))) return {kElementEdge, true, false};
    const StringIndex name = g_.edge_name(e);
    if (g_.strings().has_ephemerons() && g_.strings().ephemeron(name) != nullptr) {
      return {HashName("WeakMap"), true, false};
    }
    const uint64_t h = names_.of(name);
    const bool internal = g_.edge_type(e) == EdgeType::kInternal;
    if (internal && IsOneOf(h, kNoiseEdges)) return {h, false, true};
    // Entries of tables and lists inside V8 are numbered in their names.
    if (internal && from == NodeRole::kAbsorbed) return {kElementEdge, true, false};
    return {h, false, false};
  }

 private:
  bool Prefer(EdgeIndex a, EdgeIndex b) const { return Rank(a) < Rank(b); }
  int Rank(EdgeIndex e) const {
    switch (g_.edge_type(e)) {
      case EdgeType::kProperty:
        return names_.of(g_.edge_name(e)) == kProtoEdge ? 3 : 0;
      case EdgeType::kContext:
        return 0;
      case EdgeType::kElement:
        return 1;
      case EdgeType::kInternal:
        return 2;
      default:
        return 4;
    }
  }

  const SnapshotView& v_;
  const HeapGraph& g_;
  const NameHashes& names_;
};

uint32_t PropertyCount(const HeapGraph& g, NodeIndex n) {
  uint32_t count = 0;
  for (const EdgeIndex e : g.edges_of(n)) count += g.edge_type(e) == EdgeType::kProperty;
  return count;
}

}  // namespace

NodeRole RoleByType(const HeapGraph& g, const NameHashes& names, NodeIndex n) {
  switch (g.type(n)) {
    case NodeType::kCode:
      return names.of(g.name(n)) == kCell ? NodeRole::kAbsorbed : NodeRole::kNoise;
    case NodeType::kObjectShape:
      return names.of(g.name(n)) == kCell ? NodeRole::kAbsorbed : NodeRole::kNoise;
    case NodeType::kHidden:
      return IsOneOf(names.of(g.name(n)), kNoiseNames) ? NodeRole::kNoise : NodeRole::kAbsorbed;
    case NodeType::kArray:
      return IsOneOf(names.of(g.name(n)), kNoiseArrays) ? NodeRole::kNoise : NodeRole::kAbsorbed;
    case NodeType::kNumber:
    case NodeType::kSymbol:
    case NodeType::kOther:
      return NodeRole::kAbsorbed;
    default:
      return NodeRole::kVisible;
  }
}

bool IsNoiseEdgeName(uint64_t name_hash) { return IsOneOf(name_hash, kNoiseEdges); }

uint64_t ClassHash(const SnapshotView& view, NodeIndex n, const Location* location) {
  const HeapGraph& g = *view.graph;
  const NodeType type = g.type(n);
  const auto type_number = static_cast<uint64_t>(type);
  switch (type) {
    case NodeType::kString:
    case NodeType::kConsString:
    case NodeType::kSlicedString:
      return static_cast<uint64_t>(NodeType::kString);
    case NodeType::kBigInt:
    case NodeType::kRegExp:
      return type_number;
    default:
      break;
  }
  uint64_t h = MixHash(view.names->of(g.name(n)), type_number);
  const PackageMap& packages = *view.packages;
  if (location != nullptr) {
    const Script* script = packages.FindScript(location->script_id);
    h = MixHash(h, script != nullptr ? script->path_hash : location->script_id);
    h = MixHash(h, uint64_t{location->line} << 32 | location->column);
  } else if (const uint32_t s = packages.script_of_code[n.value()]; s != 0) {
    h = MixHash(h, packages.scripts[s - 1].path_hash);
    const NodeIndex function = view.code->function(n);
    if (function.valid()) h = MixHash(h, view.names->of(g.name(function)));
  }
  return h == 0 ? 1 : h;
}

TrailTree::TrailTree(WaysFrom from, unsigned threads)
    : from_(from), threads_(threads), slots_(1024) {
  ways_.push_back(Way{});
}

void TrailTree::Grow() {
  std::vector<uint32_t> larger(slots_.size() * 2);
  const size_t mask = larger.size() - 1;
  for (uint32_t w = 1; w < ways_.size(); ++w) {
    const Way& way = ways_[w];
    size_t i = MixHash(MixHash(way.class_hash, way.edge_hash), way.parent) & mask;
    while (larger[i] != 0) i = (i + 1) & mask;
    larger[i] = w + 1;
  }
  slots_.swap(larger);
}

uint32_t TrailTree::ChildOf(uint32_t parent, uint64_t class_hash, uint64_t edge_hash, bool many) {
  uint32_t above = parent;
  for (int i = 0; i < kFoldDepth && above != 0; ++i) {
    const Way& w = ways_[above];
    if (w.class_hash == class_hash && w.edge_hash == edge_hash) return above;
    above = w.parent;
  }
  const size_t mask = slots_.size() - 1;
  size_t i = MixHash(MixHash(class_hash, edge_hash), parent) & mask;
  while (slots_[i] != 0) {
    const Way& w = ways_[slots_[i] - 1];
    if (w.parent == parent && w.class_hash == class_hash && w.edge_hash == edge_hash) {
      return slots_[i] - 1;
    }
    i = (i + 1) & mask;
  }
  if (ways_.size() >= kMaxWays) return parent;
  slots_[i] = static_cast<uint32_t>(ways_.size()) + 1;
  ways_.push_back({parent, class_hash, edge_hash, ways_[parent].depth + 1, many, false});
  if (ways_.size() * 2 > slots_.size()) Grow();
  return static_cast<uint32_t>(ways_.size()) - 1;
}

NodeWays TrailTree::Add(const SnapshotView& view) {
  const HeapGraph& g = *view.graph;
  const uint32_t count = g.node_count();
  NodeWays out{Array<uint32_t>(count), Array<uint32_t>(count), Array<uint8_t>(count)};
  const Walk walk(view);
  const Array<uint32_t> edge_of = walk.EdgesFromDominators(threads_);
  Array<uint64_t> class_of(count);
  if (count == 0 || edge_of.empty() || class_of.empty() || out.role.empty()) return out;
  walk.Classify(threads_, out.role, class_of);
  const Array<uint32_t>& order = view.dominators->order;
  for (size_t place = 0; place < order.size(); ++place) {
    const uint32_t n = order[place];
    if (place + kAhead < order.size()) {  // the tree's order jumps through the graph
      const uint32_t soon = order[place + kAhead];
      __builtin_prefetch(&view.dominators->idom[soon]);
      __builtin_prefetch(&edge_of[soon]);
      __builtin_prefetch(&class_of[soon]);
      __builtin_prefetch(&out.role[soon]);
      __builtin_prefetch(&out.way[soon], 1);
      __builtin_prefetch(&out.visible[soon], 1);
      const uint32_t sooner = order[place + kAhead / 2];
      const uint32_t e = edge_of[sooner];
      if (e != 0) __builtin_prefetch(&g.columns().edge[e - 1]);
    }
    const uint32_t up = view.dominators->idom[n];
    if (n == up || n == 0) {
      out.visible[n] = n;
      out.role[n] = static_cast<uint8_t>(NodeRole::kVisible);
      continue;  // the root: way 0
    }
    const auto role_above = static_cast<NodeRole>(out.role[up]);
    const Label label = walk.LabelOf(edge_of[n], role_above);
    auto role = static_cast<NodeRole>(out.role[n]);
    if (role_above == NodeRole::kNoise || (label.noise && role != NodeRole::kVisible)) {
      role = NodeRole::kNoise;
    }
    out.role[n] = static_cast<uint8_t>(role);
    const uint32_t parent = out.way[up];
    out.way[n] = parent;
    out.visible[n] = out.visible[up];
    if (role != NodeRole::kVisible) continue;
    uint64_t edge = label.hash;
    bool many = label.many;
    if (parent != 0 && ways_[parent].dictionary && edge_of[n] != 0 &&
        g.edge_type(EdgeIndex(edge_of[n] - 1)) == EdgeType::kProperty) {
      edge = kElementEdge;
      many = true;
    }
    const uint64_t class_hash = class_of[n];
    const bool begins = from_ == WaysFrom::kCode && view.packages->script_of_code[n] != 0;
    const uint32_t way =
        begins ? ChildOf(0, class_hash, 0, false) : ChildOf(parent, class_hash, edge, many);
    out.way[n] = way;
    out.visible[n] = n;
    const auto edges = g.edges_of(NodeIndex(n));
    if (g.type(NodeIndex(n)) == NodeType::kObject && edges.size() > kDictionarySize &&
        !ways_[way].dictionary && way != 0) {
      ways_[way].dictionary = PropertyCount(g, NodeIndex(n)) > kDictionarySize;
    }
  }
  return out;
}

}  // namespace leaktrail
