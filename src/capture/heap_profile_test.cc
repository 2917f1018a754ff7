#include "capture/heap_profile.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace leaktrail {
namespace {

using Json = nlohmann::json;

// Children in Json::array({…}): one alone in braces is itself for Clang, and an array for GCC.
Json Node(const char* function, int line, double self, Json children) {
  return {
      {"callFrame",
       {{"functionName", function}, {"url", "/a.js"}, {"lineNumber", line}, {"columnNumber", 0}}},
      {"selfSize", self},
      {"children", std::move(children)}};
}

HeapProfile Parse(Json head) { return ParseHeapProfile(Json{{"head", std::move(head)}}); }

TEST(HeapProfile, AStackBeginsWithTheAllocatingFunction) {
  const HeapProfile p = Parse(Node(
      "(root)", -1, 0,
      Json::array({Node("outer", 3, 0, Json::array({Node("inner", 7, 128, Json::array())}))})));
  ASSERT_EQ(p.sites.size(), 1u);
  ASSERT_EQ(p.sites[0].frames.size(), 2u);
  EXPECT_EQ(p.sites[0].frames[0].function, "inner");
  EXPECT_EQ(p.sites[0].frames[0].line, 8u);
  EXPECT_EQ(p.sites[0].frames[1].function, "outer");
}

TEST(HeapProfile, SiblingsDoNotShareFrames) {
  const HeapProfile p =
      Parse(Node("(root)", -1, 0,
                 {Node("a", 1, 10, Json::array({Node("b", 2, 20, Json::array())})),
                  Node("c", 3, 30, Json::array())}));
  ASSERT_EQ(p.sites.size(), 3u);
  EXPECT_EQ(p.sites[2].frames.size(), 1u);
  EXPECT_EQ(p.sites[2].frames[0].function, "c");
}

TEST(HeapProfile, GrowthIsTheDifferenceAndTheLargestComesFirst) {
  const HeapProfile before = Parse(
      Node("(root)", -1, 0, {Node("a", 1, 100, Json::array()), Node("b", 2, 500, Json::array())}));
  const HeapProfile after =
      Parse(Node("(root)", -1, 0,
                 {Node("a", 1, 300, Json::array()), Node("b", 2, 400, Json::array()),
                  Node("c", 3, 900, Json::array())}));
  const std::vector<AllocationGrowth> grown = CompareProfiles(before, after);
  ASSERT_EQ(grown.size(), 2u);
  EXPECT_EQ(grown[0].frames[0].function, "c");
  EXPECT_DOUBLE_EQ(grown[1].grown(), 200);
}

TEST(HeapProfile, OddInputIsLeftOut) {
  EXPECT_TRUE(ParseHeapProfile(Json::array()).sites.empty());
  EXPECT_TRUE(ParseHeapProfile(Json{{"head", 5}}).sites.empty());
  const HeapProfile p = ParseHeapProfile(
      Json{{"head", {{"children", {1, Json{{"selfSize", 8}}}}, {"selfSize", "x"}}}});
  ASSERT_EQ(p.sites.size(), 1u);
  EXPECT_EQ(p.sites[0].frames[0].line, 0u);
}

}  // namespace
}  // namespace leaktrail
