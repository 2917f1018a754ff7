#include "tests/support/naive.h"

#include <set>

#include "analysis/detached.h"
#include "analysis/essential_edges.h"

namespace leaktrail::testing {
namespace {

struct Adjacency {
  std::vector<std::vector<uint32_t>> out;  // essential edges, and those from the root to orphans
  std::vector<bool> counts;                // not in an unreachable cycle
};

std::vector<bool> Reach(const std::vector<std::vector<uint32_t>>& out, uint32_t without) {
  std::vector<bool> seen(out.size());
  if (without == 0) return seen;
  std::vector<uint32_t> open = {0};
  seen[0] = true;
  while (!open.empty()) {
    const uint32_t v = open.back();
    open.pop_back();
    for (uint32_t w : out[v]) {
      if (seen[w] || w == without) continue;
      seen[w] = true;
      open.push_back(w);
    }
  }
  return seen;
}

// A node that is not reached and has no essential retainer at all hangs from the root.
Adjacency Build(const HeapGraph& graph) {
  Adjacency a;
  a.out.resize(graph.node_count());
  const NodeSet page = ComputePageObjects(graph);
  std::vector<bool> has_retainer(graph.node_count());
  for (NodeIndex n : graph.nodes()) {
    for (EdgeIndex e : graph.edges_of(n)) {
      if (!IsEssentialEdge(graph, page, n, e)) continue;
      a.out[n.value()].push_back(graph.target(e).value());
      has_retainer[graph.target(e).value()] = true;
    }
  }
  for (uint32_t v = 1; v < graph.node_count(); ++v) {
    if (!has_retainer[v]) a.out[0].push_back(v);
  }
  a.counts = Reach(a.out, graph.node_count());
  return a;
}

// dominators[v]: all dominators of v but v. The immediate one has all others among its own.
std::vector<uint32_t> Immediate(const std::vector<std::vector<uint32_t>>& dominators,
                                const std::vector<bool>& counts) {
  std::vector<uint32_t> result(dominators.size(), 0);
  for (uint32_t v = 1; v < dominators.size(); ++v) {
    if (!counts[v]) continue;
    for (uint32_t d : dominators[v]) {
      if (dominators[d].size() + 1 == dominators[v].size()) result[v] = d;
    }
  }
  return result;
}

}  // namespace

std::vector<uint32_t> NaiveDominators(const HeapGraph& graph) {
  if (graph.node_count() == 0) return {};
  const Adjacency a = Build(graph);
  std::vector<std::vector<uint32_t>> dominators(graph.node_count());
  for (uint32_t d = 0; d < graph.node_count(); ++d) {
    if (!a.counts[d]) continue;
    const std::vector<bool> left = Reach(a.out, d);
    for (uint32_t v = 0; v < graph.node_count(); ++v) {
      if (a.counts[v] && !left[v] && v != d) dominators[v].push_back(d);
    }
  }
  return Immediate(dominators, a.counts);
}

std::vector<uint32_t> FixpointDominators(const HeapGraph& graph) {
  const uint32_t n = graph.node_count();
  if (n == 0) return {};
  const Adjacency a = Build(graph);
  std::vector<std::vector<uint32_t>> in(n);
  for (uint32_t v = 0; v < n; ++v) {
    if (!a.counts[v]) continue;
    for (uint32_t w : a.out[v]) in[w].push_back(v);
  }
  std::vector<std::vector<bool>> sets(n, std::vector<bool>(n, true));
  sets[0].assign(n, false);
  sets[0][0] = true;
  for (bool changed = true; changed;) {
    changed = false;
    for (uint32_t v = 1; v < n; ++v) {
      if (!a.counts[v]) continue;
      std::vector<bool> common(n, true);
      for (uint32_t u : in[v]) {
        for (uint32_t d = 0; d < n; ++d) common[d] = common[d] && sets[u][d];
      }
      common[v] = true;
      if (common != sets[v]) {
        sets[v] = common;
        changed = true;
      }
    }
  }
  std::vector<std::vector<uint32_t>> dominators(n);
  for (uint32_t v = 0; v < n; ++v) {
    for (uint32_t d = 0; d < n; ++d) {
      if (a.counts[v] && d != v && sets[v][d]) dominators[v].push_back(d);
    }
  }
  return Immediate(dominators, a.counts);
}

std::vector<uint64_t> NaiveShallowSizes(const HeapGraph& graph) {
  const uint32_t n = graph.node_count();
  std::vector<uint64_t> size(n);
  for (uint32_t v = 0; v < n; ++v) size[v] = graph.self_size(NodeIndex(v));
  if (!HasUserRoot(graph)) return size;
  const DetachedNodes detached = FindDetachedNodes(graph);
  const auto is_candidate = [&](uint32_t v) {
    const NodeType t = graph.type(NodeIndex(v));
    return t == NodeType::kHidden || t == NodeType::kArray ||
           (t == NodeType::kNative &&
            NodeNameWithState(graph, detached, NodeIndex(v)) == "system / ExternalStringData");
  };
  std::vector<std::set<uint32_t>> owners(n);
  for (uint32_t owner = 0; owner < n; ++owner) {
    if (is_candidate(owner)) continue;
    std::vector<uint32_t> open = {owner};
    while (!open.empty()) {
      const NodeIndex v(open.back());
      open.pop_back();
      for (EdgeIndex e : graph.edges_of(v)) {
        const uint32_t to = graph.target(e).value();
        if (graph.edge_type(e) == EdgeType::kWeak || !is_candidate(to)) continue;
        if (owners[to].insert(owner).second) open.push_back(to);
      }
    }
  }
  std::vector<uint64_t> moved = size;
  for (uint32_t v = 0; v < n; ++v) {
    if (owners[v].size() != 1) continue;
    const uint32_t owner = *owners[v].begin();
    if (owner == 0 || graph.type(NodeIndex(owner)) == NodeType::kSynthetic) continue;
    moved[v] -= size[v];
    moved[owner] += size[v];
  }
  return moved;
}

}  // namespace leaktrail::testing
