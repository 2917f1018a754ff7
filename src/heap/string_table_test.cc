#include "heap/string_table.h"

#include <gtest/gtest.h>

#include "heap/graph_builder.h"

namespace leaktrail {
namespace {

HeapGraph GraphWithNames(const std::vector<std::string>& names) {
  GraphBuilder b;
  for (const std::string& name : names) b.AddNode(NodeType::kString, name, 1, 8);
  return b.Build();
}

TEST(DecodeJsonString, UnderstandsEveryEscape) {
  EXPECT_EQ(DecodeJsonString(R"(a\"b\\c\/d\b\f\n\r\t)"), "a\"b\\c/d\b\f\n\r\t");
  EXPECT_EQ(DecodeJsonString(R"(\u0041\u00e9\u6F22)"), "A\xC3\xA9\xE6\xBC\xA2");
}

TEST(DecodeJsonString, JoinsSurrogatePairsAndReplacesLoneOnes) {
  EXPECT_EQ(DecodeJsonString(R"(\uD83D\uDE00)"), "\xF0\x9F\x98\x80");
  EXPECT_EQ(DecodeJsonString(R"(\uD83Dx)"), "\xEF\xBF\xBDx");
  EXPECT_EQ(DecodeJsonString(R"(\uDE00\uD83D)"), "\xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST(DecodeJsonString, KeepsABrokenEscapeAsItStands) {
  EXPECT_EQ(DecodeJsonString(R"(\u12)"), R"(\u12)");
  EXPECT_EQ(DecodeJsonString(R"(\uZZZZ)"), R"(\uZZZZ)");
  EXPECT_EQ(DecodeJsonString("a\\"), "a\\");
}

TEST(Utf16Length, CountsACharacterAboveTheFirstPlaneTwice) {
  EXPECT_EQ(Utf16Length("a\xC3\xA9\xE6\xBC\xA2\xF0\x9F\x98\x80"), 5u);
}

TEST(StringTable, GivesNothingForAnIndexOutsideIt) {
  const HeapGraph graph = GraphWithNames({"a"});
  EXPECT_EQ(graph.strings().Get(StringIndex(1000)), "");
  EXPECT_EQ(graph.strings().GetRaw(StringIndex::None()), "");
}

TEST(StringTable, VisitsARangeInOrder) {
  const HeapGraph graph = GraphWithNames({"a", "b\nc", "d\"e"});
  std::vector<std::string> raw;
  graph.strings().ForEach(1, 100, [&](StringIndex i, std::string_view text) {
    EXPECT_EQ(i.value(), raw.size() + 1);
    raw.emplace_back(text);
  });
  EXPECT_EQ(raw, (std::vector<std::string>{"a", "b\\u000Ac", "d\\\"e"}));
}

TEST(StringTable, FindsStringsByTextAndByMeaning) {
  const HeapGraph graph = GraphWithNames({"x", "elements", "(GC roots)"});
  EXPECT_EQ(graph.strings().FindExact("x"), StringIndex(1));
  EXPECT_EQ(graph.strings().FindExact("y"), std::nullopt);
  EXPECT_TRUE(graph.strings().Is(StringIndex(2), WellKnown::kElements));
  EXPECT_FALSE(graph.strings().Is(StringIndex(2), WellKnown::kGcRoots));
  EXPECT_TRUE(graph.NameIs(NodeIndex(2), WellKnown::kGcRoots));
}

TEST(EphemeronName, IsTheNameThatNode14AndLaterWrite) {
  const auto name = ParseEphemeronName(
      "12 / part of key (Key @101) -> value (Value @401) pair in WeakMap (table @301)");
  ASSERT_TRUE(name.has_value());
  EXPECT_EQ(name->table_id, 301u);
  const auto other_side = ParseEphemeronName(
      "7 / part of key (Key @101) -> value (Value @401) pair in WeakMap (table @301)");
  EXPECT_EQ(name->pair_hash, other_side->pair_hash);
  const auto other_pair = ParseEphemeronName(
      "7 / part of key (Key @103) -> value (Value @401) pair in WeakMap (table @301)");
  EXPECT_NE(name->pair_hash, other_pair->pair_hash);
}

TEST(EphemeronName, MayHaveAnythingInItsNames) {
  EXPECT_TRUE(
      ParseEphemeronName("1 / part of key ( @1) -> value ( @2) pair in WeakMap (table @3)"));
  EXPECT_TRUE(ParseEphemeronName(
      "1 / part of key (a @1) -> value (b @1) -> value (c @2) pair in WeakMap (table @3)"));
}

TEST(EphemeronName, IsNothingElse) {
  for (const char* text :
       {"", "1", " / part of key (a @1) -> value (b @2) pair in WeakMap (table @3)",
        "1 / part of key (a @1) -> value (b @2) pair in WeakMap (table @3) ",
        "1 / part of key (a @x) -> value (b @2) pair in WeakMap (table @3)",
        "1 / part of key (a @1) -> value (b @) pair in WeakMap (table @3)",
        "1 / part of key (a @1) -> value (b @2) pair in WeakMap (table @)",
        "1 / part of key (a\\n @1) -> value (b @2) pair in WeakMap (table @3)",
        "12 / key Key in WeakMap"}) {
    EXPECT_FALSE(ParseEphemeronName(text)) << text;
  }
}

}  // namespace
}  // namespace leaktrail
