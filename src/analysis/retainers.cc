#include "analysis/retainers.h"

#include <algorithm>
#include <string>
#include <unordered_map>
#include <utility>

#include "analysis/distances.h"
#include "analysis/node_text.h"

namespace leaktrail {
namespace {

// Texts of retaining nodes. One string is read once however many nodes are called by it.
class TextCache {
 public:
  TextCache(const HeapGraph& graph, const DetachedNodes& detached)
      : graph_(graph), detached_(detached), cons_(graph) {}

  // The text stays where it is while the cache lives.
  const std::string* Find(NodeIndex n) {
    const NodeType type = graph_.type(n);
    if (type == NodeType::kConsString) {
      const NodeIndex same = cons_.FindRepresentative(n);
      const auto [it, added] = by_node_.try_emplace(same.value());
      if (added) it->second = cons_.Get(same);
      return &it->second;
    }
    const bool plain = type == NodeType::kObject && graph_.NameIs(n, WellKnown::kObject);
    if (plain || detached_.contains(n)) {
      const auto [it, added] = by_node_.try_emplace(n.value());
      if (added) it->second = NodeText(graph_, detached_, n);
      return &it->second;
    }
    const auto [it, added] = by_string_.try_emplace(graph_.name(n).value());
    if (added) it->second = graph_.NodeName(n);
    return &it->second;
  }

 private:
  const HeapGraph& graph_;
  const DetachedNodes& detached_;
  ConsStringTexts cons_;
  std::unordered_map<uint32_t, std::string> by_node_, by_string_;
};

// One shortest path, found backwards from a retainer to the root along falling distances.
class PathFinder {
 public:
  PathFinder(const HeapGraph& graph, const RetainerIndex& index, const Array<int32_t>& distances,
             NodeIndex avoid)
      : graph_(graph), index_(index), distances_(distances), avoid_(avoid) {}

  // The path's steps from `last` back to the root, or nothing: the root does not reach it, or only
  // over the node to avoid.
  std::vector<PathStep> WalkToRoot(NodeIndex last, size_t max_length) const {
    std::vector<PathStep> steps;
    NodeIndex n = last;
    while (n != graph_.root()) {
      if (n == avoid_ || steps.size() + 1 >= max_length) return {};
      const Retainer nearest = FindNearest(n);
      if (!nearest.edge.valid()) return {};
      steps.push_back({n, nearest.edge});
      n = nearest.from;
    }
    steps.push_back({n, EdgeIndex::None()});
    return steps;
  }

  // The retainer that gave n its distance, or one as near. The value of a WeakMap entry has a
  // nearer one, the table, that alone does not hold it.
  Retainer FindNearest(NodeIndex n) const {
    const int32_t distance = distances_[n.value()];
    Retainer best{EdgeIndex::None(), NodeIndex::None(), kNoDistance};
    if (distance < 0) return best;
    for (uint32_t e : index_.edges_into(n)) {
      const EdgeIndex edge(e);
      const NodeIndex from = graph_.FindSource(edge);
      if (graph_.edge_type(edge) == EdgeType::kWeak && from != graph_.root()) continue;
      // The root's own distance is the largest, whatever hangs from it.
      const int32_t d = from == graph_.root() ? 0 : distances_[from.value()];
      if (d < 0 || d >= distance) continue;
      if (best.edge.valid() && (d < best.distance || (d == best.distance && best.from != avoid_))) {
        continue;
      }
      best = {edge, from, d};
      if (d == distance - 1 && from != avoid_) break;
    }
    return best;
  }

 private:
  const HeapGraph& graph_;
  const RetainerIndex& index_;
  const Array<int32_t>& distances_;
  const NodeIndex avoid_;
};

}  // namespace

RetainerIndex::RetainerIndex(const HeapGraph& graph)
    : first_(size_t{graph.node_count()} + 2), edges_(graph.edge_count()) {
  const auto& edges = graph.columns().edge;
  // Shifted by two, so that after filling first_[n] is where n's edges begin.
  for (const RawEdge& edge : edges) ++first_[size_t{edge.target} + 2];
  for (size_t n = 2; n < first_.size(); ++n) first_[n] += first_[n - 1];
  for (uint32_t e = 0; e < edges.size(); ++e) edges_[first_[size_t{edges[e].target} + 1]++] = e;
}

std::vector<Retainer> FindRetainers(const HeapGraph& graph, const RetainerIndex& index,
                                    const Array<int32_t>& distances, NodeIndex node,
                                    const DetachedNodes& detached) {
  struct Row {
    Retainer retainer;
    const std::string* text;
  };
  std::vector<Row> rows;
  TextCache texts(graph, detached);
  for (uint32_t e : index.edges_into(node)) {
    const EdgeIndex edge(e);
    if (graph.edge_type(edge) == EdgeType::kWeak) continue;
    const NodeIndex from = graph.FindSource(edge);
    if (from == graph.root()) continue;
    rows.push_back({{edge, from, distances[from.value()]}, texts.Find(from)});
  }
  std::sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) {
    // As unsigned numbers, so that nodes which are not reached come last.
    const auto far_a = static_cast<uint32_t>(a.retainer.distance);
    const auto far_b = static_cast<uint32_t>(b.retainer.distance);
    if (far_a != far_b) return far_a < far_b;
    if (a.text != b.text) {
      const auto order = CompareAsJavaScript(*a.text, *b.text);
      if (order != 0) return order < 0;
    }
    return a.retainer.edge > b.retainer.edge;
  });
  std::vector<Retainer> result;
  result.reserve(rows.size());
  for (const Row& row : rows) result.push_back(row.retainer);
  return result;
}

Retainer FindNearestRetainer(const HeapGraph& graph, const RetainerIndex& index,
                             const Array<int32_t>& distances, NodeIndex node) {
  return PathFinder(graph, index, distances, NodeIndex::None()).FindNearest(node);
}

std::vector<RetainingPath> FindRetainingPaths(const HeapGraph& graph, const RetainerIndex& index,
                                              const Array<int32_t>& distances, NodeIndex node,
                                              const PathOptions& options) {
  if (node == graph.root()) return {{{node, EdgeIndex::None()}}};
  std::vector<Retainer> retainers;
  for (uint32_t e : index.edges_into(node)) {
    const EdgeIndex edge(e);
    const NodeIndex from = graph.FindSource(edge);
    const bool weak = graph.edge_type(edge) == EdgeType::kWeak;
    if ((weak && from != graph.root()) || from == node) continue;
    const int32_t d = from == graph.root() ? 0 : distances[from.value()];
    if (d >= 0) retainers.push_back({edge, from, d});
  }
  std::stable_sort(retainers.begin(), retainers.end(),
                   [](const Retainer& a, const Retainer& b) { return a.distance < b.distance; });
  const PathFinder finder(graph, index, distances, node);
  std::vector<RetainingPath> paths;
  // Back-pointers of what the node holds are retainers too; a popular node has very many.
  size_t tries = size_t{options.max_paths} * 20 + 100;
  NodeIndex last_from = NodeIndex::None();
  for (const Retainer& r : retainers) {
    if (paths.size() >= options.max_paths || tries-- == 0) break;
    if (r.from == last_from) continue;  // another edge of the same retainer
    last_from = r.from;
    if (options.max_length < 2) break;
    RetainingPath path = finder.WalkToRoot(r.from, options.max_length - 1);
    if (path.empty()) continue;
    std::reverse(path.begin(), path.end());
    path.push_back({node, r.edge});
    paths.push_back(std::move(path));
  }
  std::stable_sort(paths.begin(), paths.end(), [](const RetainingPath& a, const RetainingPath& b) {
    return a.size() < b.size();
  });
  return paths;
}

}  // namespace leaktrail
