#include "heap/graph.h"

#include <gtest/gtest.h>

#include "heap/graph_builder.h"
#include "tests/support/graph_dsl.h"

namespace leaktrail {
namespace {

using testing::DslGraph;

TEST(HeapGraph, MayBeEmpty) {
  const HeapGraph graph = GraphBuilder().Build();
  EXPECT_EQ(graph.node_count(), 0u);
  EXPECT_EQ(graph.edge_count(), 0u);
  EXPECT_EQ(graph.total_self_size(), 0u);
  EXPECT_EQ(graph.FindById(1), std::nullopt);
}

TEST(HeapGraph, KeepsEdgesInTheOrderInWhichTheyWereAdded) {
  GraphBuilder b;
  const NodeIndex root = b.AddNode(NodeType::kSynthetic, "", 1, 0);
  const NodeIndex a = b.AddNode(NodeType::kObject, "A", 3, 16);
  b.AddEdge(a, EdgeType::kProperty, "x", root);
  b.AddEdge(root, EdgeType::kElement, 2, a);
  b.AddEdge(root, EdgeType::kElement, 1, a);
  const HeapGraph graph = b.Build();
  std::vector<std::string> names;
  for (NodeIndex n : graph.nodes()) {
    for (EdgeIndex e : graph.edges_of(n)) names.push_back(graph.EdgeName(e));
  }
  EXPECT_EQ(names, (std::vector<std::string>{"2", "1", "x"}));
}

TEST(HeapGraph, FindsTheSourceOfEveryEdge) {
  const DslGraph g("root -> a; root -> b; b -> a; d -> b; d -> d; a");
  for (NodeIndex n : g.graph().nodes()) {
    for (EdgeIndex e : g.graph().edges_of(n)) EXPECT_EQ(g.graph().FindSource(e), n);
  }
}

TEST(HeapGraph, KeepsNumbersThatDoNotFitTheirColumns) {
  const DslGraph g(
      "root -element 4294967295-> a; root -hidden 536870911-> a; a: object A 5368709120");
  EXPECT_EQ(g.graph().self_size(g["a"]), 5368709120u);
  EXPECT_EQ(g.graph().total_self_size(), 5368709120u);
  EXPECT_EQ(g.graph().edge_label(EdgeIndex(0)), 4294967295u);
  EXPECT_EQ(g.graph().edge_label(EdgeIndex(1)), 536870911u);
}

TEST(HeapGraph, FindsNodesByIdAndTheirLocations) {
  const DslGraph g("root -> a; a: object A @77; at a 5 6 7");
  EXPECT_EQ(g.graph().FindById(77), g["a"]);
  const Location* location = g.graph().FindLocation(g["a"]);
  ASSERT_NE(location, nullptr);
  EXPECT_EQ(location->script_id, 5u);
  EXPECT_EQ(location->line, 6u);
  EXPECT_EQ(location->column, 7u);
  EXPECT_EQ(g.graph().FindLocation(g["root"]), nullptr);
}

}  // namespace
}  // namespace leaktrail
