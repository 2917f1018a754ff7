// What a function's feedback tells.
#include "analysis/function_facts.h"

#include <gtest/gtest.h>

#include "tests/support/graph_dsl.h"

namespace leaktrail {
namespace {

using testing::DslGraph;

// A function `add` that called `push`; `more` is what else its feedback holds.
std::string Function(const std::string& more) {
  return R"(
root -shortcut global-> global
global -add-> add; global -push-> push
add: closure add; push: closure push
add -internal shared-> code
code: code add; info: code "system / ScopeInfo"; script: code "/srv/app.js"; source: string text
code -internal script-> script; code -internal name_or_scope_info-> info
script -internal source-> source
add -internal feedback_cell-> cell
cell: code "system / FeedbackCell"; cell -internal value-> vector
vector: code "system / FeedbackVector"; vector -hidden 1-> push
array_map: hidden "system / Map"; other_map: hidden "system / Map"
many: code "system / WeakFixedArray"
)" + more;
}

FunctionFacts FactsOf(const DslGraph& g) {
  const NameHashes names(g.graph());
  const CodeModel code = ComputeCodeModel(g.graph(), names);
  const auto facts = CollectFunctionFacts(g.graph(), names, code, {g["script"].value()});
  EXPECT_EQ(facts.size(), 1u);
  return facts.empty() ? FunctionFacts{} : facts[0];
}

TEST(FunctionFacts, CountsThePlacesWhereAShapeWasMet) {
  const DslGraph g(Function(R"(
vector -hidden 2-> array_map; vector -hidden 3-> other_map; vector -hidden 4-> array_map
)"));
  const FunctionFacts f = FactsOf(g);
  EXPECT_EQ(f.calls.count(g["push"].value()), 1u);
  ASSERT_EQ(f.shapes.count(g["array_map"].value()), 1u);
  EXPECT_EQ(f.shapes.at(g["array_map"].value()), 2);
  EXPECT_EQ(f.shapes.at(g["other_map"].value()), 1);
  EXPECT_FALSE(f.met_many_shapes);
}

TEST(FunctionFacts, KnowsThatAPlaceMetManyShapes) {
  EXPECT_TRUE(FactsOf(DslGraph(Function("vector -hidden 2-> many"))).met_many_shapes);
}

TEST(FunctionFacts, WhatHasAVectorRuns) { EXPECT_TRUE(FactsOf(DslGraph(Function(""))).runs); }

}  // namespace
}  // namespace leaktrail
