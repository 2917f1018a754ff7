#include "analysis/distances.h"

#include <gtest/gtest.h>

#include "tests/support/graph_dsl.h"

namespace leaktrail {
namespace {

using testing::DslGraph;

int32_t DistanceOf(const DslGraph& g, const char* node) {
  return ComputeDistances(g.graph())[g[node].value()];
}

TEST(Distances, CountFromTheUserRoots) {
  const DslGraph g("root -shortcut g-> g; g -a-> a; a -b-> b; g -weak w-> c; b -c-> c");
  EXPECT_EQ(DistanceOf(g, "g"), 1);
  EXPECT_EQ(DistanceOf(g, "b"), 3);
  EXPECT_EQ(DistanceOf(g, "c"), 4);
}

TEST(Distances, OfWhatOnlyTheSystemHoldsAreSystemDistances) {
  const DslGraph g("root -shortcut g-> g; root -> gc; gc: synthetic roots; gc -> a; gc -> g");
  EXPECT_EQ(DistanceOf(g, "root"), kBaseSystemDistance);
  EXPECT_EQ(DistanceOf(g, "a"), kBaseSystemDistance + 2);
  EXPECT_EQ(DistanceOf(g, "g"), 1);
}

TEST(Distances, StartAtTheRootWithoutAnyUserRoot) {
  const DslGraph g("root -> gc; gc: synthetic roots; gc -> a");
  EXPECT_EQ(DistanceOf(g, "root"), 0);
  EXPECT_EQ(DistanceOf(g, "a"), 2);
}

TEST(Distances, AreMissingForWhatNothingReaches) {
  EXPECT_EQ(DistanceOf(DslGraph("root -shortcut g-> g; a -b-> b; b -a-> a"), "b"), kNoDistance);
}

TEST(Distances, OfAWeakMapsValueComeOverTheFartherOfTableAndKey) {
  const DslGraph g(R"(
      root -shortcut g-> g; g -t-> t; g -a-> a; a -b-> b; b -k-> key; key: object Key @101
      t: array "" 8 @301
      t -internal 4 / part of key (Key @101) -> value (V @401) pair in WeakMap (table @301)-> value
      key -internal 2 / part of key (Key @101) -> value (V @401) pair in WeakMap (table @301)-> value)");
  EXPECT_EQ(DistanceOf(g, "key"), 4);
  EXPECT_EQ(DistanceOf(g, "value"), 5);
}

TEST(Distances, DoNotGoOverTheKeysOfMapDescriptors) {
  const DslGraph g(R"dsl(
      root -shortcut g-> g; g -d-> d; d: array "(map descriptors)"
      d -internal 3-> value; d -internal 4-> key; d -hidden 7-> key; d -internal 1-> cache)dsl");
  EXPECT_EQ(DistanceOf(g, "value"), 3);
  EXPECT_EQ(DistanceOf(g, "cache"), 3);
  EXPECT_EQ(DistanceOf(g, "key"), kNoDistance);
}

}  // namespace
}  // namespace leaktrail
