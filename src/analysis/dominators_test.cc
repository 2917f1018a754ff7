#include "analysis/dominators.h"

#include <gtest/gtest.h>

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
