#include "analysis/statistics.h"

#include <unordered_map>
#include <vector>

#include "analysis/detached.h"
#include "analysis/essential_edges.h"

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
  // Some at a time, so that their edges can be fetched ahead.
  constexpr size_t kArrays = 1024, kAhead = 16;
  std::vector<NodeIndex> arrays;
  const auto look_at_arrays = [&] {
    const GraphColumns& c = graph.columns();
    for (size_t i = 0; i < arrays.size(); ++i) {
      if (i + kAhead < arrays.size()) {
        __builtin_prefetch(c.edge.data() + c.first_edge[arrays[i + kAhead].value()]);
      }
      const NodeIndex store = FindElements(graph, arrays[i]);
      if (store.valid() && shallow.of(store) != 0) stores.push_back(store);
    }
    arrays.clear();
  };
  for (NodeIndex n : graph.nodes()) {
    const uint64_t size = shallow.of(n);
    switch (graph.type(n)) {
      case NodeType::kHidden:
        s.system += size;
        break;
      case NodeType::kNative:
        s.native_total += size;
        if (graph.NameIs(n, WellKnown::kArrayBufferData) && !detached.contains(n)) {
          s.typed_arrays += size;
        }
        break;
      case NodeType::kCode:
        s.code += size;
        break;
      case NodeType::kString:
      case NodeType::kConsString:
      case NodeType::kSlicedString:
        s.strings += size;
        break;
      default:
        if (graph.NameIs(n, WellKnown::kArray)) {
          s.js_arrays += size;
          arrays.push_back(n);
          if (arrays.size() == kArrays) look_at_arrays();
        }
    }
  }
  look_at_arrays();
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
