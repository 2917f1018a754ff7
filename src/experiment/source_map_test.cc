#include "experiment/source_map.h"

#include <gtest/gtest.h>

namespace leaktrail {
namespace {

// One source; line 1 column 1 is its 1:1, line 2 column 5 its 3:1, line 3 nothing.
constexpr const char* kMap =
    R"({"version":3,"sourceRoot":"../src","sources":["a.ts"],"names":[],"mappings":"AAAA;IAEA;"})";

TEST(SourceMap, FindsTheOriginalOfAPlace) {
  const Result<SourceMap> map = SourceMap::Parse(kMap);
  ASSERT_TRUE(map);
  const auto place = map->Find(2, 9);
  ASSERT_TRUE(place);
  EXPECT_EQ(place->source, "../src/a.ts");
  EXPECT_EQ(place->line, 3u);
  EXPECT_EQ(place->column, 1u);
}

TEST(SourceMap, BeforeTheFirstMappingOfALineTheFirstCounts) {
  const Result<SourceMap> map = SourceMap::Parse(kMap);
  ASSERT_TRUE(map);
  EXPECT_EQ(map->Find(2, 1)->line, 3u);
}

TEST(SourceMap, AnUnmappedLineHasNoOriginal) {
  const Result<SourceMap> map = SourceMap::Parse(kMap);
  ASSERT_TRUE(map);
  EXPECT_FALSE(map->Find(3, 1));
  EXPECT_FALSE(map->Find(0, 1));
  EXPECT_FALSE(map->Find(99, 1));
}

TEST(SourceMap, DamagedMapsAreErrors) {
  EXPECT_FALSE(SourceMap::Parse("{}"));
  EXPECT_FALSE(SourceMap::Parse("no json"));
  EXPECT_FALSE(SourceMap::Parse(R"({"sources":["a"],"mappings":"!!"})"));
}

TEST(SourceMap, ReferencesToSourcesThatAreNotThereAreLeftOut) {
  const Result<SourceMap> map = SourceMap::Parse(R"({"sources":[],"mappings":"AAAA"})");
  ASSERT_TRUE(map);
  EXPECT_FALSE(map->Find(1, 1));
}

}  // namespace
}  // namespace leaktrail
