#include "analysis/dominators.h"

#include <gtest/gtest.h>

#include <vector>

#include "analysis/essential_edges.h"
#include "heap/graph_builder.h"
#include "tests/support/graph_dsl.h"

namespace leaktrail {
namespace {

using testing::DslGraph;

// The label of a node's immediate dominator.
std::string DominatorOf(const DslGraph& g, const char* node) {
  const DominatorTree tree = ComputeDominators(g.graph());
  return g.label(tree.parent(g[node]));
}

// An approximation that only looks at one path names a.
TEST(Dominators, AreNotJustTheFirstRetainerThatTwoPathsShare) {
  const DslGraph g("root -> a; root -> d; a -> b; a -> c; d -> e; e -> b; b -> c");
  EXPECT_EQ(DominatorOf(g, "c"), "root");
  EXPECT_EQ(DominatorOf(g, "b"), "root");
  EXPECT_EQ(DominatorOf(g, "e"), "d");
}

TEST(Dominators, OfAChainAreItsLinks) {
  const DslGraph g("root -> a; a -> b; b -> c; c -> b; c -> a");
  EXPECT_EQ(DominatorOf(g, "a"), "root");
  EXPECT_EQ(DominatorOf(g, "b"), "a");
  EXPECT_EQ(DominatorOf(g, "c"), "b");
}

TEST(Dominators, DoNotFollowWeakEdges) {
  const DslGraph g("root -> a; root -weak w-> b; a -> b");
  EXPECT_EQ(DominatorOf(g, "b"), "a");
}

TEST(Dominators, ChargeAWeakMapsValueToItsKey) {
  const DslGraph g(R"(
      root -shortcut global-> global
      global -m-> table; global -k-> key; table: array "" 8 @301; key: object Key @101
      table -internal 4 / part of key (Key @101) -> value (V @401) pair in WeakMap (table @301)-> value
      key -internal 2 / part of key (Key @101) -> value (V @401) pair in WeakMap (table @301)-> value)");
  EXPECT_EQ(DominatorOf(g, "value"), "key");
}

TEST(Dominators, OfPageObjectsAreNotStackRoots) {
  const DslGraph g(R"(
      root -> stack; stack: synthetic roots; root -shortcut global-> global
      stack -> a; global -a-> a; stack -> only)");
  EXPECT_EQ(DominatorOf(g, "a"), "global");
  EXPECT_EQ(DominatorOf(g, "only"), "stack");
}

TEST(Dominators, LetAnOrphanHoldWhatItPointsAt) {
  const DslGraph g("root -> a; a -y-> y; orphan -y-> y; orphan -z-> z");
  EXPECT_EQ(DominatorOf(g, "orphan"), "root");
  EXPECT_EQ(DominatorOf(g, "z"), "orphan");
  EXPECT_EQ(DominatorOf(g, "y"), "root");
  EXPECT_EQ(ComputeDominators(g.graph()).orphan_count, 1u);
}

TEST(Dominators, HangUnreachableCirclesFromTheRootWithoutTheirEdges) {
  const DslGraph g("root -> a; a -y-> y; p -q-> q; q -p-> p; q -y-> y; p -r-> r");
  EXPECT_EQ(DominatorOf(g, "p"), "root");
  EXPECT_EQ(DominatorOf(g, "q"), "root");
  EXPECT_EQ(DominatorOf(g, "r"), "root");
  EXPECT_EQ(DominatorOf(g, "y"), "a");
  EXPECT_EQ(ComputeDominators(g.graph()).cyclic_count, 3u);
}

TEST(Dominators, AreThereForAGraphWithoutNodesOrEdges) {
  EXPECT_EQ(ComputeDominators(testing::BuildGraph({})).idom.size(), 0u);
  const DslGraph g("root");
  EXPECT_EQ(DominatorOf(g, "root"), "root");
}

// Of four edges into the map one is walked; that of "other" is found to be needed afterwards, and
// moves what hangs below the map and is held from its new place, too.
TEST(Dominators, OfAHubAreRightThoughEdgesIntoItWereLeftOut) {
  const DslGraph g(R"(
      root -shortcut global-> global
      global -other-> other; global -list-> list; other -map-> map; map -proto-> proto
      proto -map-> map; proto -own-> own; own -map-> map; other -own-> own
      list -a-> a; list -b-> b; list -c-> c; a -map-> map; b -map-> map; c -map-> map)");
  const HubSampleRule one_edge{
      .many_retainers = 3, .first_edges = 1, .one_of = 1u << 30, .old_nodes = 1000};
  const DominatorTree tree = ComputeDominators(g.graph(), 1, one_edge);
  const auto dominator_of = [&](const char* node) { return g.label(tree.parent(g[node])); };
  EXPECT_EQ(dominator_of("map"), "global");
  EXPECT_EQ(dominator_of("proto"), "map");
  EXPECT_EQ(dominator_of("own"), "global");
  EXPECT_EQ(dominator_of("a"), "list");
}

// Nodes that lead to no cycle are left out of the walk (core_graph.h).
TEST(Dominators, OfWhatLeadsNowhereAreSharedByItsRetainers) {
  const DslGraph g(R"(
      root -> a; a -> p; a -> q; p -> a; q -> a
      p -> text; q -> text; p -> own; own -> deep; deep -> text; own -> twice; deep -> twice)");
  EXPECT_EQ(DominatorOf(g, "text"), "a");
  EXPECT_EQ(DominatorOf(g, "own"), "p");
  EXPECT_EQ(DominatorOf(g, "deep"), "own");
  EXPECT_EQ(DominatorOf(g, "twice"), "own");
}

TEST(Dominators, OfWhatLeadsNowhereDoNotDependOnTheOrderOfNodes) {
  const DslGraph g("root -> c; a -> b; c -> a; b -> x; a -> x; c -> d; d -> c; d -> y; b -> y");
  EXPECT_EQ(DominatorOf(g, "a"), "c");
  EXPECT_EQ(DominatorOf(g, "x"), "a");
  EXPECT_EQ(DominatorOf(g, "y"), "c");
}

TEST(Dominators, CountWhatLeadsNowhereAmongOrphansAndUnreachableNodes) {
  const DslGraph g(R"(
      root -> a; a -> y; orphan -> y; orphan -> z
      p -> q; q -> p; q -> leaf; leaf -> below; self -> self)");
  EXPECT_EQ(DominatorOf(g, "y"), "root");
  EXPECT_EQ(DominatorOf(g, "z"), "orphan");
  EXPECT_EQ(DominatorOf(g, "leaf"), "root");
  EXPECT_EQ(DominatorOf(g, "below"), "root");
  EXPECT_EQ(DominatorOf(g, "self"), "root");
  const DominatorTree tree = ComputeDominators(g.graph());
  EXPECT_EQ(tree.orphan_count, 2u);
  EXPECT_EQ(tree.cyclic_count, 4u);
}

TEST(Dominators, OfAPageObjectThatLeadsNowhereAreNotStackRoots) {
  const DslGraph g(R"(
      root -> stack; stack: synthetic roots; root -shortcut global-> global
      global -> a; global -> b; a -> text; b -> text; stack -> local; local -> text; local -> own)");
  EXPECT_EQ(DominatorOf(g, "text"), "global");
  EXPECT_EQ(DominatorOf(g, "own"), "local");
  const NodeSet page = ComputePageObjects(g.graph());
  const DominatorTree tree = ComputeDominators(g.graph());
  for (NodeIndex n : g.graph().nodes()) {
    EXPECT_EQ(tree.page_objects.contains(n), page.contains(n)) << g.label(n);
  }
}

// A page object that only a table's edge makes one, and that holds what the page does, too.
TEST(Dominators, OfAValueWhoseKeyIsNoPageObjectTellOfBothWays) {
  const DslGraph g(R"(
      root -> stack; stack: synthetic roots; root -shortcut global-> global
      global -> table; stack -> key; key: object Key @101; table: array "" 8 @301
      table -internal 4 / part of key (Key @101) -> value (V @401) pair in WeakMap (table @301)-> value
      key -internal 2 / part of key (Key @101) -> value (V @401) pair in WeakMap (table @301)-> value
      global -> text; value -> text; value -> own)");
  EXPECT_EQ(DominatorOf(g, "text"), "root");
  EXPECT_EQ(DominatorOf(g, "own"), "value");
  EXPECT_EQ(DominatorOf(g, "value"), "root");
}

// A long list whose ends hold the same: climbing it step by step would take hours for all.
TEST(Dominators, OfWhatALongListSharesAreFoundQuickly) {
  GraphBuilder b;
  constexpr uint32_t kLinks = 100'000;
  const NodeIndex root = b.AddNode(NodeType::kSynthetic, "", 1, 0);
  std::vector<NodeIndex> links, shared;
  uint32_t id = 3;
  const auto add = [&](std::vector<NodeIndex>& nodes) {
    nodes.push_back(b.AddNode(NodeType::kObject, "a", id, 8));
    id += 2;
  };
  for (uint32_t i = 0; i < kLinks; ++i) add(links);
  for (uint32_t i = 0; i < kLinks / 2; ++i) add(shared);
  b.AddEdge(root, EdgeType::kElement, 1, links[0]);
  for (uint32_t i = 0; i + 1 < kLinks; ++i) {
    b.AddEdge(links[i], EdgeType::kProperty, "next", links[i + 1]);
    b.AddEdge(links[i + 1], EdgeType::kProperty, "previous", links[i]);
  }
  for (uint32_t i = 0; i < kLinks / 2; ++i) {
    b.AddEdge(links[i], EdgeType::kProperty, "value", shared[i]);
    b.AddEdge(links[kLinks - 1 - i], EdgeType::kProperty, "value", shared[i]);
  }
  const HeapGraph graph = b.Build();
  for (unsigned threads : {1u, 2u}) {
    const DominatorTree tree = ComputeDominators(graph, threads);
    for (uint32_t i = 0; i < kLinks / 2; ++i) ASSERT_EQ(tree.parent(shared[i]), links[i]) << i;
  }
}

// A chain and a fan as deep and as wide as no stack is.
TEST(Dominators, DoNotRecurse) {
  GraphBuilder b;
  constexpr uint32_t kCount = 200'000;
  for (uint32_t i = 0; i < kCount; ++i) b.AddNode(NodeType::kObject, "a", 2 * i + 1, 8);
  for (uint32_t i = 0; i + 1 < kCount; ++i) {
    b.AddEdge(NodeIndex(i), EdgeType::kProperty, "next", NodeIndex(i + 1));
    b.AddEdge(NodeIndex(kCount - 1), EdgeType::kElement, i, NodeIndex(i));
  }
  const DominatorTree tree = ComputeDominators(b.Build());
  for (uint32_t i = 1; i < kCount; ++i) ASSERT_EQ(tree.idom[i], i - 1);
}

}  // namespace
}  // namespace leaktrail
