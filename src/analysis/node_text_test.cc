#include "analysis/node_text.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "heap/graph_builder.h"
#include "tests/support/graph_dsl.h"

namespace leaktrail {
namespace {

using testing::DslGraph;

std::string TextOf(const DslGraph& g, const char* node) {
  return NodeText(g.graph(), FindDetachedNodes(g.graph()), g[node]);
}

TEST(NodeText, OfAPlainObjectIsItsProperties) {
  const DslGraph g(
      "root -> a; a: object Object; a -x-> b; a -internal map-> b; a -y-> b; a -__proto__-> b");
  EXPECT_EQ(TextOf(g, "a"), "{x, y}");
  EXPECT_EQ(TextOf(DslGraph("root -> a; a: object Object"), "a"), "{}");
}

TEST(NodeText, OfALargePlainObjectLeavesOutTheMiddle) {
  std::string text = "root -> a; a: object Object";
  for (int i = 0; i < 60; ++i) text += fmt::format("; a -property{}-> b", i);
  EXPECT_EQ(TextOf(DslGraph(text), "a"),
            "{property0, property1, property2, property3, property4, …, property56, property57, "
            "property58, "
            "property59}");
}

TEST(NodeText, QuotesPropertyNamesThatWouldConfuse) {
  EXPECT_EQ(FormatPropertyName("plain"), "plain");
  EXPECT_EQ(FormatPropertyName("a,b"), R"("a,b")");
  EXPECT_EQ(FormatPropertyName("say \"hi\"\n"), R"("say \"hi\"\n")");
}

TEST(NodeText, OfAConcatenatedStringIsItsParts) {
  const DslGraph g(R"(
      root -> s; s: concatenated_string ""; s -internal second-> c; s -internal first-> t
      t: concatenated_string ""; t -internal first-> a; t -internal second-> b
      a: string "one "; b: string "two "; c: string "three")");
  EXPECT_EQ(TextOf(g, "s"), "one two three");
}

TEST(NodeText, OfACircleOfStringsEnds) {
  const DslGraph g(R"(
      root -> s; s: concatenated_string ""; t: concatenated_string ""
      s -internal first-> t; t -internal first-> s; t -internal second-> s; u: concatenated_string ""
      u -internal first-> u; u -internal second-> a; a: string "a")");
  TextOf(g, "s");
  TextOf(g, "u");
}

// `log += line` a hundred thousand times: the texts of all parts together must not be quadratic.
TEST(ConsStringTexts, AreLinearInALongChain) {
  constexpr uint32_t kCount = 100'000;
  GraphBuilder b;
  b.AddNode(NodeType::kSynthetic, "", 1, 0);
  const NodeIndex line = b.AddNode(NodeType::kString, "0123456789", 3, 24);
  NodeIndex last = line;
  for (uint32_t i = 0; i < kCount; ++i) {
    const NodeIndex cons = b.AddNode(NodeType::kConsString, "", 2 * i + 5, 32);
    b.AddEdge(cons, EdgeType::kInternal, "first", last);
    b.AddEdge(cons, EdgeType::kInternal, "second", line);
    last = cons;
  }
  const HeapGraph graph = b.Build();
  ConsStringTexts texts(graph);
  const std::string text = texts.Get(last);
  EXPECT_EQ(text.size(), 1030u);
  for (uint32_t i = 2; i < kCount; ++i) {
    const NodeIndex n(i);
    ASSERT_FALSE(texts.IsFlat(n));
    ASSERT_EQ(texts.FindRepresentative(n), n.value() < 103 ? n : NodeIndex(103));
  }
}

TEST(CompareAsJavaScript, OrdersByUtf16Units) {
  EXPECT_TRUE(CompareAsJavaScript("a", "b") < 0);
  EXPECT_TRUE(CompareAsJavaScript("a", "ab") < 0);
  EXPECT_TRUE(CompareAsJavaScript("é", "é") == 0);
  // U+1F600 is D83D DE00, which comes before U+FF01 and after U+6F22.
  EXPECT_TRUE(CompareAsJavaScript("\xF0\x9F\x98\x80", "\xEF\xBC\x81") < 0);
  EXPECT_TRUE(CompareAsJavaScript("\xF0\x9F\x98\x80", "\xE6\xBC\xA2") > 0);
  EXPECT_TRUE(CompareAsJavaScript("\xEE\x80\x80", "\xEF\xBC\x81") < 0);
}

}  // namespace
}  // namespace leaktrail
