#include "analysis/retainers.h"

#include <gtest/gtest.h>

#include "analysis/distances.h"
#include "tests/support/graph_dsl.h"

namespace leaktrail {
namespace {

using testing::DslGraph;

std::vector<std::string> RetainersOf(const DslGraph& g, const char* node) {
  std::vector<std::string> labels;
  for (const Retainer& r :
       FindRetainers(g.graph(), RetainerIndex(g.graph()), ComputeDistances(g.graph()), g[node])) {
    labels.push_back(g.label(r.from));
  }
  return labels;
}

std::vector<std::string> PathsTo(const DslGraph& g, const char* node, PathOptions options = {}) {
  std::vector<std::string> paths;
  for (const RetainingPath& path : FindRetainingPaths(
           g.graph(), RetainerIndex(g.graph()), ComputeDistances(g.graph()), g[node], options)) {
    std::string text;
    for (const PathStep& step : path) text += (text.empty() ? "" : " ") + g.label(step.node);
    paths.push_back(text);
  }
  return paths;
}

TEST(Retainers, ComeNearestFirstThenByName) {
  const DslGraph g(R"(
      root -shortcut g-> g; g -b-> b; g -a-> a; b -x-> x; a -x-> x; a -far-> far; far -x-> x
      lost -x-> x)");
  EXPECT_EQ(RetainersOf(g, "x"), (std::vector<std::string>{"a", "b", "far", "lost"}));
}

TEST(Retainers, AreNeitherWeakNorTheRoot) {
  const DslGraph g("root -shortcut g-> g; root -> x; g -x-> x; g -weak w-> x; x -self-> x");
  EXPECT_EQ(RetainersOf(g, "x"), (std::vector<std::string>{"g", "x"}));
}

TEST(Retainers, OfOneNodeComeInFallingEdgeOrder) {
  const DslGraph g("root -shortcut g-> g; g -a-> x; g -b-> x");
  const auto rows =
      FindRetainers(g.graph(), RetainerIndex(g.graph()), ComputeDistances(g.graph()), g["x"]);
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_GT(rows[0].edge, rows[1].edge);
}

TEST(RetainingPaths, AreShortestFirstAndDifferInTheLastHolder) {
  const DslGraph g(R"(
      root -shortcut g-> g; g -a-> a; a -b-> b; b -x-> x; g -near-> near; near -x-> x
      near -y-> x)");
  EXPECT_EQ(PathsTo(g, "x"), (std::vector<std::string>{"root g near x", "root g a b x"}));
  EXPECT_EQ(PathsTo(g, "x", {.max_paths = 1}), (std::vector<std::string>{"root g near x"}));
  EXPECT_EQ(PathsTo(g, "x", {.max_length = 4}), (std::vector<std::string>{"root g near x"}));
}

TEST(RetainingPaths, DoNotComeBackOverTheNodeItself) {
  const DslGraph g("root -shortcut g-> g; g -x-> x; x -child-> child; child -parent-> x");
  EXPECT_EQ(PathsTo(g, "x"), (std::vector<std::string>{"root g x"}));
}

TEST(RetainingPaths, ExistForWhatOnlyTheSystemHolds) {
  const DslGraph g("root -shortcut g-> g; root -> gc; gc: synthetic roots; gc -> h; h -x-> x");
  EXPECT_EQ(PathsTo(g, "x"), (std::vector<std::string>{"root gc h x"}));
}

TEST(RetainingPaths, AreNoneForWhatNothingReaches) {
  EXPECT_TRUE(PathsTo(DslGraph("root -shortcut g-> g; a -x-> x; x -a-> a"), "x").empty());
}

}  // namespace
}  // namespace leaktrail
