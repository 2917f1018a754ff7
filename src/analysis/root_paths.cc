#include "analysis/root_paths.h"

#include "analysis/essential_edges.h"
#include "analysis/trail_tree.h"

namespace leaktrail {

RootPaths::RootPaths(const HeapGraph& graph, const NameHashes& names)
    : parent_(graph.node_count()), edge_(graph.node_count()) {
  const uint32_t count = graph.node_count();
  Array<uint8_t> seen(count);
  Array<uint32_t> queue(count);
  if (count == 0 || parent_.empty() || edge_.empty() || seen.empty() || queue.empty()) return;
  // Edges that are left for later, with where they come from: by rank.
  struct Deferred {
    uint32_t from, edge;
  };
  std::vector<Deferred> later;
  uint32_t head = 0, tail = 0;
  const auto reach = [&](uint32_t from, EdgeIndex e) {
    const uint32_t t = graph.target(e).value();
    if (seen[t]) return;
    seen[t] = 1;
    parent_[t] = from;
    edge_[t] = e.value() + 1;
    queue[tail++] = t;
  };
  const auto drain = [&] {
    while (head < tail) {
      const uint32_t n = queue[head++];
      const bool engine = RoleByType(graph, names, NodeIndex(n)) == NodeRole::kNoise;
      for (const EdgeIndex e : graph.edges_of(NodeIndex(n))) {
        if (graph.edge_type(e) == EdgeType::kWeak || seen[graph.target(e).value()]) continue;
        if (engine || IsEngineEdge(graph, names, e)) {
          later.push_back({n, e.value()});
        } else {
          reach(n, e);
        }
      }
    }
  };
  seen[0] = 1;
  for (const EdgeIndex e : graph.edges_of(graph.root())) {
    if (graph.edge_type(e) != EdgeType::kWeak && IsUserRoot(graph, graph.target(e))) reach(0, e);
  }
  drain();
  for (const EdgeIndex e : graph.edges_of(graph.root())) {
    if (graph.edge_type(e) != EdgeType::kWeak) reach(0, e);
  }
  drain();
  // `later` grows while it is worked off.
  for (size_t i = 0; i < later.size(); ++i) {
    const Deferred d = later[i];
    if (seen[graph.target(EdgeIndex(d.edge)).value()]) continue;
    reach(d.from, EdgeIndex(d.edge));
    drain();
  }
}

bool IsEngineEdge(const HeapGraph& graph, const NameHashes& names, EdgeIndex e) {
  return graph.edge_type(e) == EdgeType::kInternal && IsNoiseEdgeName(names.of(graph.edge_name(e)));
}

}  // namespace leaktrail
