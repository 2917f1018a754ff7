#include "analysis/statistics.h"

#include <array>
#include <unordered_map>
#include <vector>

#include "analysis/detached.h"
#include "analysis/essential_edges.h"
#include "analysis/node_filter.h"

namespace leaktrail {
namespace {

// The backing store of a JavaScript array: its first internal edge "elements".
NodeIndex FindElements(const HeapGraph& graph, NodeIndex array) {
  for (EdgeIndex e : graph.edges_of(array)) {
    if (graph.edge_type(e) == EdgeType::kInternal &&
        graph.strings().Is(graph.edge_name(e), WellKnown::kElements)) {
      return graph.target(e);
    }
  }
  return NodeIndex::None();
}

}  // namespace

HeapStatistics ComputeStatistics(const HeapGraph& graph, const ShallowSizes& shallow) {
  HeapStatistics s;
  s.total = graph.total_self_size() + graph.extra_native_bytes();
  s.native_total = graph.extra_native_bytes();
  const DetachedNodes detached = FindDetachedNodes(graph);  // they have another name
  // Stores that kept bytes of their own. With moved sizes there are few, and only for them it has
  // to be known whether something else holds them too.
  std::vector<NodeIndex> stores;
  constexpr uint32_t kAtOnce = 1024, kAhead = 16;
  constexpr uint32_t kOfOtherKinds = TypeBit(NodeType::kHidden) | TypeBit(NodeType::kNative) |
                                     TypeBit(NodeType::kCode) | TypeBit(NodeType::kString) |
                                     TypeBit(NodeType::kConsString) |
                                     TypeBit(NodeType::kSlicedString);
  std::array<uint64_t, 32> by_type{};
  std::array<uint32_t, kAtOnce + 1> found;
  const GraphColumns& c = graph.columns();
  const uint32_t n = graph.node_count();
  for (uint32_t first = 0; first < n;) {
    const uint32_t end = n - first < kAtOnce ? n : first + kAtOnce;
    for (uint32_t v = first; v < end; ++v) by_type[c.type[v]] += shallow.size_of(v);
    const size_t stores_of_buffers = FindNodesNamed(graph, first, end, TypeBit(NodeType::kNative),
                                                    WellKnown::kArrayBufferData, found.data());
    for (size_t i = 0; i < stores_of_buffers; ++i) {
      if (!detached.contains(NodeIndex(found[i]))) s.typed_arrays += shallow.size_of(found[i]);
    }
    const size_t arrays =
        FindNodesNamed(graph, first, end, ~kOfOtherKinds, WellKnown::kArray, found.data());
    for (size_t i = 0; i < arrays; ++i) {
      if (i + kAhead < arrays) __builtin_prefetch(c.edge.data() + c.first_edge[found[i + kAhead]]);
      s.js_arrays += shallow.size_of(found[i]);
      const NodeIndex store = FindElements(graph, NodeIndex(found[i]));
      if (store.valid() && shallow.of(store) != 0) stores.push_back(store);
    }
    first = end;
  }
  const auto of_type = [&](NodeType type) { return by_type[static_cast<size_t>(type)]; };
  s.system = of_type(NodeType::kHidden);
  s.native_total += of_type(NodeType::kNative);
  s.code = of_type(NodeType::kCode);
  s.strings = of_type(NodeType::kString) + of_type(NodeType::kConsString) +
              of_type(NodeType::kSlicedString);
  if (stores.empty()) return s;
  std::unordered_map<uint32_t, uint32_t> edges_into;
  NodeSet wanted(graph.node_count());
  for (NodeIndex store : stores) wanted.insert(store);
  for (const RawEdge& edge : graph.columns().edge) {
    if (wanted.contains(NodeIndex(edge.target))) ++edges_into[edge.target];
  }
  for (NodeIndex store : stores) {
    if (edges_into[store.value()] == 1) s.js_arrays += shallow.of(store);
  }
  return s;
}

}  // namespace leaktrail
