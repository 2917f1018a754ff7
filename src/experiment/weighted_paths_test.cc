#include "experiment/weighted_paths.h"

#include <gtest/gtest.h>

namespace leaktrail {
namespace {

std::string Turns(const std::vector<uint32_t>& weights, size_t paths, size_t count) {
  PathTurns turns(paths, weights);
  std::string out;
  for (size_t i = 0; i < count; ++i) out += static_cast<char>('a' + turns.Next());
  return out;
}

void ExpectPath(const char* text, const char* path, uint32_t weight) {
  const Result<WeightedPath> parsed = ParseWeightedPath(text);
  ASSERT_TRUE(parsed) << text;
  EXPECT_EQ(parsed->path, path) << text;
  EXPECT_EQ(parsed->weight, weight) << text;
}

TEST(WeightedPaths, WithoutWeightsPathsAreTakenInTurn) { EXPECT_EQ(Turns({}, 3, 7), "abcabca"); }

TEST(WeightedPaths, AHeavyPathIsSpreadOut) { EXPECT_EQ(Turns({3, 1}, 2, 8), "aabaaaba"); }

TEST(WeightedPaths, ARoundGivesEachExactlyItsShare) {
  const std::string turns = Turns({7, 2, 1, 5}, 4, 15 * 20);
  EXPECT_EQ(std::count(turns.begin(), turns.end(), 'a'), 7 * 20);
  EXPECT_EQ(std::count(turns.begin(), turns.end(), 'b'), 2 * 20);
  EXPECT_EQ(std::count(turns.begin(), turns.end(), 'c'), 1 * 20);
  EXPECT_EQ(std::count(turns.begin(), turns.end(), 'd'), 5 * 20);
}

TEST(WeightedPaths, AWeightStandsBehindAnEqualsSignOrInFront) {
  ExpectPath("/a", "/a", 1);
  ExpectPath("/a=3", "/a", 3);
  ExpectPath("5:/a?id=7", "/a?id=7", 5);
}

TEST(WeightedPaths, TheEqualsSignOfAQueryIsNoWeight) {
  ExpectPath("/items?id=3", "/items?id=3", 1);
  ExpectPath("/a=b", "/a=b", 1);
  ExpectPath("/http://x/", "/http://x/", 1);
}

TEST(WeightedPaths, WhatIsNoPathIsRefused) {
  for (const char* text : {"", "a", "/a=0", "/a b", "x:/a", "0:/a", "/a\r\nX: y", "/a#top",
                           "99999999:/a", "http://host/a"}) {
    EXPECT_FALSE(ParseWeightedPath(text)) << text;
  }
}

}  // namespace
}  // namespace leaktrail
