#include "analysis/sizes.h"

#include <gtest/gtest.h>

#include "tests/support/graph_dsl.h"

namespace leaktrail {
namespace {

using testing::DslGraph;

uint64_t ShallowOf(const DslGraph& g, const char* node) {
  return ComputeShallowSizes(g.graph()).of(g[node]);
}

TEST(ShallowSizes, MoveAStoreToItsOnlyOwner) {
  const DslGraph g(
      "root -shortcut g-> g; g -a-> a; a: object Array 16; a -internal elements-> e; e: array 400");
  EXPECT_EQ(ShallowOf(g, "a"), 416u);
  EXPECT_EQ(ShallowOf(g, "e"), 0u);
}

TEST(ShallowSizes, LeaveAStoreThatTwoOwn) {
  const DslGraph g(R"(root -shortcut g-> g; g -a-> a; g -b-> b; a -internal x-> e; b -internal x-> e
                      e: array 400)");
  EXPECT_EQ(ShallowOf(g, "a"), 8u);
  EXPECT_EQ(ShallowOf(g, "e"), 400u);
}

TEST(ShallowSizes, MoveOverStoresThatHoldStores) {
  const DslGraph g(R"(root -shortcut g-> g; g -a-> a; a -internal x-> h; h: hidden 10; h -x-> i
                      i: array 20; i -x-> h; i -weak w-> j; j: array 40)");
  EXPECT_EQ(ShallowOf(g, "a"), 38u);
  EXPECT_EQ(ShallowOf(g, "j"), 40u);
}

TEST(ShallowSizes, StayWithWhatTheRootOrASyntheticNodeOwns) {
  const DslGraph g(
      "root -shortcut g-> g; root -> gc; gc: synthetic roots; gc -> h; h: array 9; "
      "root -> i; i: array 7");
  EXPECT_EQ(ShallowOf(g, "h"), 9u);
  EXPECT_EQ(ShallowOf(g, "i"), 7u);
}

TEST(ShallowSizes, AreSelfSizesWithoutAUserRoot) {
  const DslGraph g("root -> gc; gc: synthetic roots; gc -> a; a -internal x-> e; e: array 400");
  EXPECT_EQ(ShallowOf(g, "e"), 400u);
}

TEST(ShallowSizes, GrowBeyondWhatFitsInFourBytes) {
  const DslGraph g(R"(root -shortcut g-> g; g -a-> a; a: object Array 4294967290; a -internal x-> e
                      e: array 10; g -b-> b; b: object B 8; b -internal x-> f; f: array 5368709120)");
  EXPECT_EQ(ShallowOf(g, "a"), 4294967300u);
  EXPECT_EQ(ShallowOf(g, "b"), 5368709128u);
  EXPECT_EQ(ShallowOf(g, "f"), 0u);
}

TEST(RetainedSizes, AreTheSumsOfWhatIsDominated) {
  const DslGraph g("root -> a; a -> b; a -> c; b -> d; c -> d; d -> e");
  const Array<uint64_t> retained =
      ComputeRetainedSizes(g.graph(), ComputeDominators(g.graph()), ComputeShallowSizes(g.graph()));
  EXPECT_EQ(retained[g["root"].value()], 40u);
  EXPECT_EQ(retained[g["a"].value()], 40u);
  EXPECT_EQ(retained[g["b"].value()], 8u);
  EXPECT_EQ(retained[g["d"].value()], 16u);
}

}  // namespace
}  // namespace leaktrail
