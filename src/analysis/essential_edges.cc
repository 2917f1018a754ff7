#include "analysis/essential_edges.h"

#include <vector>

namespace leaktrail {
namespace {

bool IsDocumentTreesRoot(const HeapGraph& graph, NodeIndex n) {
  return graph.type(n) == NodeType::kSynthetic && graph.NameIs(n, WellKnown::kDocumentDomTrees);
}

}  // namespace

NodeSet ComputePageObjects(const HeapGraph& graph) {
  NodeSet page(graph.node_count());
  if (graph.node_count() == 0) return page;
  std::vector<NodeIndex> open;
  const auto visit = [&](NodeIndex n) {
    if (page.contains(n)) return;
    page.insert(n);
    open.push_back(n);
  };
  for (EdgeIndex e : graph.edges_of(graph.root())) {
    const EdgeType type = graph.edge_type(e);
    const NodeIndex to = graph.target(e);
    if (type == EdgeType::kShortcut ||
        (type == EdgeType::kElement && IsDocumentTreesRoot(graph, to))) {
      visit(to);
    }
  }
  while (!open.empty()) {
    const NodeIndex n = open.back();
    open.pop_back();
    for (EdgeIndex e : graph.edges_of(n)) {
      if (graph.edge_type(e) != EdgeType::kWeak) visit(graph.target(e));
    }
  }
  return page;
}

bool IsUserRoot(const HeapGraph& graph, NodeIndex child_of_root) {
  return graph.type(child_of_root) != NodeType::kSynthetic ||
         graph.NameIs(child_of_root, WellKnown::kDocumentDomTrees);
}

bool HasUserRoot(const HeapGraph& graph) {
  if (graph.node_count() == 0) return false;
  for (EdgeIndex e : graph.edges_of(graph.root())) {
    if (IsUserRoot(graph, graph.target(e))) return true;
  }
  return false;
}

bool IsEssentialEdge(const HeapGraph& graph, const NodeSet& page_objects, NodeIndex from,
                     EdgeIndex edge) {
  const EdgeType type = graph.edge_type(edge);
  if (type == EdgeType::kWeak) return false;
  if (type == EdgeType::kInternal && graph.strings().has_ephemerons()) {
    // The value of a WeakMap entry is charged to its key, not to the table.
    const EphemeronName* entry = graph.strings().ephemeron(graph.edge_name(edge));
    if (entry != nullptr && entry->table_id == graph.id(from)) return false;
  }
  const NodeIndex to = graph.target(edge);
  if (from == to) return false;
  if (from == graph.root()) return true;
  if (type == EdgeType::kShortcut) return false;
  return page_objects.contains(from) || !page_objects.contains(to);
}

}  // namespace leaktrail
