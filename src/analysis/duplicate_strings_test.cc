#include "analysis/duplicate_strings.h"

#include <gtest/gtest.h>

#include "tests/support/graph_dsl.h"

namespace leaktrail {
namespace {

using testing::DslGraph;

std::vector<std::string> DuplicatesIn(const char* text) {
  const DslGraph g(text);
  std::vector<std::string> rows;
  for (const DuplicateString& d : FindDuplicateStrings(g.graph(), ComputeShallowSizes(g.graph()))) {
    rows.push_back(d.text + ' ' + std::to_string(d.count) + ' ' + std::to_string(d.total_size) +
                   ' ' + std::to_string(d.wasted_size) + ' ' + g.label(d.example));
  }
  return rows;
}

TEST(DuplicateStrings, ComeMostWastedFirst) {
  EXPECT_EQ(DuplicatesIn(R"(
      root -> a; a: string x 10; b: string x 30; c: string y 50; d: string y 50; e: string z 99)"),
            (std::vector<std::string>{"y 2 100 50 c", "x 2 40 10 a"}));
}

TEST(DuplicateStrings, AreStringsWithASize) {
  EXPECT_TRUE(DuplicatesIn(R"(
      root -> a; a: string x 0; b: string x 10; c: object x 10; d: symbol x 10
      e: sliced_string x 10)")
                  .empty());
}

TEST(DuplicateStrings, MayBeConcatenated) {
  EXPECT_EQ(DuplicatesIn(R"(
      root -> s; s: concatenated_string "" 20; s -internal first-> a; s -internal second-> b
      a: string "a" 8; b: string "b" 8; flat: string "ab" 12)"),
            (std::vector<std::string>{"ab 2 32 12 s"}));
}

TEST(DuplicateStrings, AreNotAFlattenedStringAndItsPart) {
  EXPECT_TRUE(DuplicatesIn(R"(
      root -> s; s: concatenated_string "" 20; s -internal first-> a; s -internal second-> e
      a: string "a" 8; e: string "" 8)")
                  .empty());
}

}  // namespace
}  // namespace leaktrail
