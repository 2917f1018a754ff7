#include "analysis/classes.h"

#include <gtest/gtest.h>

#include "analysis/class_summary.h"
#include "tests/support/graph_dsl.h"

namespace leaktrail {
namespace {

using testing::DslGraph;

std::string ClassOf(const DslGraph& g, const char* node) {
  const ClassTable table = ComputeClasses(g.graph(), FindDetachedNodes(g.graph()));
  return table.key(table.class_of(g[node])).ToString();
}

TEST(Classes, AreNamedByTypeOrByTheNodesName) {
  const DslGraph g(R"(
      root -> a; a: hidden x; b: code x; c: closure x; d: regexp x; e: object x; f: native x
      h: concatenated_string x; i: symbol x; j: array x)");
  const std::pair<const char*, const char*> expected[] = {{"root", ",(synthetic)"},
                                                          {"a", ",(system)"},
                                                          {"b", ",(compiled code)"},
                                                          {"c", ",Function"},
                                                          {"d", ",RegExp"},
                                                          {"e", ",x"},
                                                          {"f", ",x"},
                                                          {"h", ",(concatenated string)"},
                                                          {"i", ",(symbol)"},
                                                          {"j", ",(array)"}};
  for (const auto& [node, key] : expected) EXPECT_EQ(ClassOf(g, node), key);
}

TEST(Classes, ForgetTheAttributesOfMarkup) {
  const DslGraph g(
      R"(root -> a; a: native "<div id=1 class=b>"; b: object "Detached <p x>"; c: native "<b>"
                      d: native "<i x>" detached)");
  EXPECT_EQ(ClassOf(g, "a"), ",<div>");
  EXPECT_EQ(ClassOf(g, "b"), ",Detached <p>");
  EXPECT_EQ(ClassOf(g, "c"), ",<b>");
  EXPECT_EQ(ClassOf(g, "d"), ",Detached <i>");
}

TEST(Classes, OfObjectsAreSplitByTheConstructorsPlaceThoseOfFunctionsAreNot) {
  const DslGraph g("root -> a; a: object A; at a 1 2 3; f: closure F; at f 4 5 6");
  EXPECT_EQ(ClassOf(g, "a"), "1,2,3,A");
  EXPECT_EQ(ClassOf(g, "f"), ",Function");
}

// An object that is used as a map, and has the property of an interface after its keys: the names
// of interfaces end long before, so its texts need not be read for this graph's own.
TEST(Interfaces, AreFoundBehindMoreKeysThanANameHasRoomFor) {
  std::string text = "root -> map; map: object Object; key: string key\n";
  for (int i = 0; i < 40; ++i) text += "map -key_number_" + std::to_string(i) + "-> key\n";
  const DslGraph map(text + "map -z-> key");
  const DslGraph both(text + R"(
      map -z-> key
      root -> a; a: object Object; a -z-> key; b: object Object; b -z-> key)");
  EXPECT_EQ(ClassOf(both, "map"), ",{z}");
  EXPECT_EQ(ClassOf(map, "map"), ",Object");
  const ClassTable others = ComputeClasses(both.graph(), FindDetachedNodes(both.graph()));
  const ClassTable table =
      ComputeClasses(map.graph(), FindDetachedNodes(map.graph()), &others.interfaces);
  EXPECT_EQ(table.key(table.class_of(map["map"])).ToString(), ",{z}");
}

TEST(Interfaces, NeedTwoObjectsAndTakeTheMostProperties) {
  const DslGraph g(R"(
      root -> a; a: object Object; b: object Object; c: object Object; d: object Object; e: object Object
      a -x-> v; b -x-> v; c -x-> v; c -y-> v; d -y-> v; d -x-> v; d -z-> v; e -x-> v; e -y-> v
      only: object Object; only -q-> v)");
  EXPECT_EQ(ClassOf(g, "a"), ",{x}");
  EXPECT_EQ(ClassOf(g, "c"), ",{x, y}");
  EXPECT_EQ(ClassOf(g, "d"), ",{x, y}");
  EXPECT_EQ(ClassOf(g, "only"), ",Object");
}

TEST(ClassSummary, CountsWhatHasASizeAndRetainsFromTheTopmost) {
  const DslGraph g(
      "root -> a; a: object A 10; a -> b; b: object A 20; b -> c; c: object C 5; d: object A 0; "
      "root -> d");
  const ClassTable classes = ComputeClasses(g.graph(), FindDetachedNodes(g.graph()));
  const ShallowSizes sizes = ComputeShallowSizes(g.graph());
  const DominatorTree tree = ComputeDominators(g.graph());
  const auto rows = ComputeClassSummary(g.graph(), classes, sizes, tree);
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(classes.key(rows[0].class_index).name, "A");
  EXPECT_EQ(rows[0].count, 2u);
  EXPECT_EQ(rows[0].shallow_size, 30u);
  EXPECT_EQ(rows[0].retained_size, 35u);
  EXPECT_EQ(rows[1].retained_size, 5u);
}

}  // namespace
}  // namespace leaktrail
