// Heaps as they are: a few hubs (maps) that very many nodes refer to, and many nodes whose only
// edge leads to a hub. Those are what the dominator pass treats apart (coded lists, leaf codes),
// and what small random graphs do not have.

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "analysis/dominators.h"
#include "analysis/essential_edges.h"
#include "heap/graph_builder.h"
#include "tests/support/naive.h"

namespace leaktrail::testing {
namespace {

HeapGraph HubGraph(uint64_t seed, uint32_t scale = 1) {
  std::mt19937_64 random(seed);
  const auto below = [&](uint64_t n) { return static_cast<uint32_t>(random() % n); };
  GraphBuilder b;
  const uint32_t hubs = 1 + below(5), inner = scale * (20 + below(120));
  const uint32_t leaves = scale * (60 + below(200));
  const uint32_t count = 2 + hubs + inner + leaves;
  std::vector<NodeIndex> nodes;
  nodes.push_back(b.AddNode(NodeType::kSynthetic, "", 1, 0));
  nodes.push_back(b.AddNode(NodeType::kSynthetic, "(GC roots)", 3, 0));
  // Kinds are mixed, as in a heap: which node comes first decides much of the walk.
  std::vector<int> kinds;
  for (uint32_t i = 2; i < count; ++i)
    kinds.push_back(i < 2 + hubs ? 0 : i < 2 + hubs + inner ? 1 : 2);
  std::shuffle(kinds.begin(), kinds.end(), random);
  std::vector<NodeIndex> hub_nodes, inner_nodes, all;
  for (int kind : kinds) {
    const NodeType type = kind == 0   ? NodeType::kObjectShape
                          : kind == 1 ? NodeType::kObject
                                      : NodeType::kString;
    const NodeIndex n = b.AddNode(type, "n", 5 + 2 * static_cast<uint32_t>(nodes.size()), 8);
    nodes.push_back(n);
    all.push_back(n);
    (kind == 0 ? hub_nodes : inner_nodes).push_back(n);
    if (kind == 2) inner_nodes.pop_back();
  }
  b.AddEdge(nodes[0], EdgeType::kElement, 1, nodes[1]);
  if (seed % 4 != 0) b.AddEdge(nodes[0], EdgeType::kShortcut, "global", inner_nodes[0]);
  for (uint32_t k = 0, n = below(6); k < n; ++k) {
    b.AddEdge(nodes[1], EdgeType::kElement, k, all[below(all.size())]);
  }
  // What an embedder holds, page object or not.
  for (uint32_t k = 0, n = seed % 3 == 0 ? 1 + below(4) : 0; k < n; ++k) {
    b.AddEdge(nodes[0], EdgeType::kElement, 2 + k, all[below(all.size())]);
  }
  for (size_t i = 0; i < kinds.size(); ++i) {
    const NodeIndex from = all[i];
    if (kinds[i] == 2) {
      b.AddEdge(from, EdgeType::kInternal, "map", hub_nodes[below(hub_nodes.size())]);
      if (below(20) == 0) b.AddEdge(from, EdgeType::kWeak, "weak", all[below(all.size())]);
      if (below(300) == 0) b.AddEdge(from, EdgeType::kProperty, "root", nodes[0]);
      continue;
    }
    for (uint32_t k = 0, n = below(kinds[i] == 0 ? 3 : 7); k < n; ++k) {
      const EdgeType type = below(25) == 0   ? EdgeType::kShortcut
                            : below(15) == 0 ? EdgeType::kWeak
                                             : EdgeType::kProperty;
      b.AddEdge(from, type, "p", all[below(all.size())]);
    }
    if (below(3) != 0)
      b.AddEdge(from, EdgeType::kInternal, "map", hub_nodes[below(hub_nodes.size())]);
  }
  return b.Build();
}

TEST(DominatorsOfHubs, AgreeWithIterationToTheFixpointForAnyNumberOfThreads) {
  for (uint64_t seed = 0; seed < 600 && !HasFailure(); ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    const HeapGraph graph = HubGraph(seed);
    const std::vector<uint32_t> expected = FixpointDominators(graph);
    const NodeSet page = ComputePageObjects(graph);
    for (unsigned threads : {1u, 2u, 3u}) {
      const DominatorTree tree = ComputeDominators(graph, threads);
      ASSERT_EQ(std::vector<uint32_t>(tree.idom.begin(), tree.idom.end()), expected);
      for (NodeIndex n : graph.nodes()) {
        ASSERT_EQ(tree.page_objects.contains(n), page.contains(n)) << n.value();
      }
    }
  }
}

// Edges are left out by rules under which nearly every graph has one that must not be.
TEST(DominatorsOfHubs, DoNotDependOnWhichEdgesAreTriedWithout) {
  const HubSampleRule rules[] = {{.many_retainers = 2, .first_edges = 1, .one_of = 1u << 30},
                                 {.many_retainers = 5, .first_edges = 2, .one_of = 3},
                                 {.many_retainers = 24, .first_edges = 4, .one_of = 8}};
  for (uint64_t seed = 0; seed < 600 && !HasFailure(); ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    const HeapGraph graph = HubGraph(seed, 1 + seed % 4);
    const std::vector<uint32_t> expected = FixpointDominators(graph);
    const NodeSet page = ComputePageObjects(graph);
    for (HubSampleRule rule : rules) {
      rule.old_nodes = 1000;
      const DominatorTree tree = ComputeDominators(graph, 1 + seed % 2, rule);
      ASSERT_EQ(std::vector<uint32_t>(tree.idom.begin(), tree.idom.end()), expected)
          << rule.many_retainers;
      for (NodeIndex n : graph.nodes()) {
        ASSERT_EQ(tree.page_objects.contains(n), page.contains(n)) << n.value();
      }
    }
  }
}

// A node that leads to a hub and to the root is no leaf: it makes a page object of the root.
TEST(DominatorsOfHubs, SeeAnEdgeToTheRootBesideTheOneToAHub) {
  for (bool root_first : {false, true}) {
    GraphBuilder b;
    const NodeIndex root = b.AddNode(NodeType::kSynthetic, "", 1, 0);
    const NodeIndex global = b.AddNode(NodeType::kObject, "global", 3, 8);
    const NodeIndex hub = b.AddNode(NodeType::kObjectShape, "hub", 5, 8);
    const NodeIndex other = b.AddNode(NodeType::kObject, "other", 7, 8);
    b.AddEdge(root, EdgeType::kShortcut, "global", global);
    b.AddEdge(root, EdgeType::kElement, 1, other);
    b.AddEdge(global, EdgeType::kProperty, "hub", hub);
    for (uint32_t i = 0; i < 40; ++i) {
      const NodeIndex leaf = b.AddNode(NodeType::kString, "leaf", 9 + 2 * i, 8);
      b.AddEdge(global, EdgeType::kElement, i, leaf);
      if (i == 20 && root_first) b.AddEdge(leaf, EdgeType::kProperty, "root", root);
      b.AddEdge(leaf, EdgeType::kInternal, "map", hub);
      if (i == 20 && !root_first) b.AddEdge(leaf, EdgeType::kProperty, "root", root);
    }
    const HeapGraph graph = b.Build();
    ASSERT_TRUE(ComputePageObjects(graph).contains(other));
    EXPECT_TRUE(ComputeDominators(graph).page_objects.contains(other)) << root_first;
  }
}

// So large that candidates are put into lists by a thread of their own, and that hubs are looked
// for in a part of the graph only.
TEST(DominatorsOfHubs, AreTheSameOfLargeGraphsForAnyNumberOfThreads) {
  for (uint64_t seed = 0; seed < 6 && !HasFailure(); ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    const HeapGraph graph = HubGraph(seed, 1300);
    ASSERT_GT(graph.node_count(), 100'000u);
    const DominatorTree one = ComputeDominators(graph, 1);
    const DominatorTree many = ComputeDominators(graph, 3);
    ASSERT_TRUE(std::equal(one.order.begin(), one.order.end(), many.order.begin()));
    ASSERT_TRUE(std::equal(one.idom.begin(), one.idom.end(), many.idom.begin()));
  }
}

}  // namespace
}  // namespace leaktrail::testing
