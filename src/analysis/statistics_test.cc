#include "analysis/statistics.h"

#include <gtest/gtest.h>

#include "tests/support/graph_dsl.h"

namespace leaktrail {
namespace {

using testing::DslGraph;

HeapStatistics StatisticsOf(const char* text) {
  const DslGraph g(text);
  return ComputeStatistics(g.graph(), ComputeShallowSizes(g.graph()));
}

TEST(Statistics, SortBytesByTypeAndName) {
  const HeapStatistics s = StatisticsOf(R"(
      root -shortcut g-> g; g: object G 1; g -a-> a; a: code c 10; g -b-> b; b: string s 100
      g -c-> c; c: sliced_string t 200; g -d-> d; d: native "system / JSArrayBufferData" 1000
      g -e-> e; e: native n 2000; f: hidden h 10000; g -weak w-> f; extra 5)");
  EXPECT_EQ(s.code, 10u);
  EXPECT_EQ(s.strings, 300u);
  EXPECT_EQ(s.typed_arrays, 1000u);
  EXPECT_EQ(s.native_total, 3005u);
  EXPECT_EQ(s.system, 10000u);
  EXPECT_EQ(s.total, 13316u);
}

TEST(Statistics, CountAnArraysStoreIfNothingElseHoldsIt) {
  EXPECT_EQ(StatisticsOf(R"(root -shortcut g-> g; g -a-> a; a: object Array 16
                            a -internal elements-> e; e: array 100)")
                .js_arrays,
            116u);
  // A store that stays apart, since it is neither an array nor hidden.
  EXPECT_EQ(StatisticsOf(R"(root -shortcut g-> g; g -a-> a; a: object Array 16
                            a -internal elements-> e; e: object E 100)")
                .js_arrays,
            116u);
  EXPECT_EQ(StatisticsOf(R"(root -shortcut g-> g; g -a-> a; a: object Array 16; g -e-> e
                            a -internal elements-> e; e: object E 100)")
                .js_arrays,
            16u);
  // Arrays and what is hidden give their bytes to what alone holds them.
  EXPECT_EQ(StatisticsOf(R"(root -shortcut g-> g; g -a-> a; a: object Array 16; g -e-> e
                            a -internal elements-> e; e: array 100)")
                .js_arrays,
            16u);
  // This one has two holders and gives nothing, and takes nothing from its store.
  EXPECT_EQ(StatisticsOf(R"(root -shortcut g-> g; g -a-> a; g -h-> h; h -a-> a; a: array Array 16
                            a -internal elements-> e; e: array 100)")
                .js_arrays,
            116u);
}

}  // namespace
}  // namespace leaktrail
