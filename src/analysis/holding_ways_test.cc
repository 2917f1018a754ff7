#include "analysis/holding_ways.h"

#include <gtest/gtest.h>

#include "analysis/distances.h"
#include "analysis/sizes.h"
#include "tests/support/graph_dsl.h"

namespace leaktrail {
namespace {

using testing::DslGraph;

std::vector<HoldingWay> WaysOf(const DslGraph& g, const std::vector<const char*>& labels) {
  const auto dominators = ComputeDominators(g.graph());
  const auto retained = ComputeRetainedSizes(g.graph(), dominators, ComputeShallowSizes(g.graph()));
  std::vector<NodeIndex> nodes;
  for (const char* label : labels) nodes.push_back(g[label]);
  return FindHoldingWays(g.graph(), RetainerIndex(g.graph()), ComputeDistances(g.graph()),
                         ComputeClasses(g.graph(), {}), retained, nodes);
}

TEST(HoldingWays, ElementsOfOneArrayAreHeldAlike) {
  const DslGraph g(R"(
      root -shortcut g-> g; g -list-> list; list -element 0-> a; list -element 7-> b
      g -first-> c
      a: object Meter 8; b: object Meter 16; c: object Meter 8)");
  const auto ways = WaysOf(g, {"a", "b", "c"});
  ASSERT_EQ(ways.size(), 2u);
  EXPECT_EQ(ways[0].count, 2u);
  EXPECT_EQ(ways[0].example, g["b"]);  // retains more
  EXPECT_EQ(ways[1].count, 1u);
  EXPECT_EQ(ways[1].example, g["c"]);
}

TEST(HoldingWays, ThePlaceInAChainMakesNoDifference) {
  const DslGraph g(R"(
      root -shortcut g-> g; g -head-> t1; t1 -next-> t2; t2 -next-> t3; t3 -next-> t4
      t1: object Timer 8; t2: object Timer 8; t3: object Timer 8; t4: object Timer 8
      t2 -of-> a; t3 -of-> b; t4 -of-> c
      a: object Meter 8; b: object Meter 8; c: object Meter 8)");
  const auto ways = WaysOf(g, {"a", "b", "c"});
  ASSERT_EQ(ways.size(), 1u);
  EXPECT_EQ(ways[0].count, 3u);
  EXPECT_EQ(ways[0].example, g["a"]);
}

TEST(HoldingWays, WhatOnlyWeakEdgesReachIsAWayOfItsOwn) {
  const DslGraph g(R"(
      root -shortcut g-> g; g -weak w-> a; g -x-> b
      a: object Meter 8; b: object Meter 8)");
  const auto ways = WaysOf(g, {"a", "b"});
  ASSERT_EQ(ways.size(), 2u);
  EXPECT_TRUE(ways[0].reached != ways[1].reached);
}

}  // namespace
}  // namespace leaktrail
