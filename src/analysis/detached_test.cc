#include "analysis/detached.h"

#include <gtest/gtest.h>

#include "tests/support/graph_dsl.h"

namespace leaktrail {
namespace {

using testing::DslGraph;

bool IsDetached(const DslGraph& g, const char* node) {
  return FindDetachedNodes(g.graph()).contains(g[node]);
}

TEST(DetachedNodes, PassTheirStateToNativeNeighbours) {
  const DslGraph g("root -> a; a: native A detached; a -> b; b: native B; b -> c; c: native C");
  EXPECT_TRUE(IsDetached(g, "a"));
  EXPECT_TRUE(IsDetached(g, "c"));
  EXPECT_EQ(NodeNameWithState(g.graph(), FindDetachedNodes(g.graph()), g["c"]), "Detached C");
}

TEST(DetachedNodes, AreStoppedByScriptObjectsHiddenAndWeakEdges) {
  const DslGraph g(R"(
      root -> a; a: native A detached; a -> object; object -> behind; behind: native B
      a -hidden 1-> hidden; hidden: native C; a -weak w-> weak; weak: native D)");
  for (const char* node : {"object", "behind", "hidden", "weak"}) EXPECT_FALSE(IsDetached(g, node));
}

TEST(DetachedNodes, GiveWayToAttachedOnes) {
  const DslGraph g(R"(
      root -> a; a: native A detached; a -> both; both: native B
      root -> d; d: native D attached; d -> both)");
  EXPECT_FALSE(IsDetached(g, "both"));
}

TEST(DetachedNodes, AreOnlyNativeNodes) {
  EXPECT_FALSE(IsDetached(DslGraph("root -> a; a: object A detached"), "a"));
}

}  // namespace
}  // namespace leaktrail
