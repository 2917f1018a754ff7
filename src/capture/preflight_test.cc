#include "capture/preflight.h"

#include <gtest/gtest.h>

namespace leaktrail {
namespace {

// 100 MB of small objects, of which the sample saw a tenth.
HeapCounts Sampled(uint32_t node_major) {
  HeapCounts counts;
  counts.node_major = node_major;
  counts.used_bytes = 150'000'000;
  counts.large_object_bytes = 50'000'000;
  counts.sample.emplace();
  counts.sample->live_bytes = 10e6;
  counts.sample->strings = 50'000;
  return counts;
}

double IndexNamesOf(const HeapCounts& counts) {
  return ShapeOf(counts).index_names - ShapeOf(Sampled(counts.node_major)).index_names;
}

TEST(Preflight, CountsANameForEachPlaceOfThePointersInTheLongestArray) {
  HeapCounts counts = Sampled(20);
  counts.sample->longest_array_length = 1e6;
  counts.sample->longest_array_pointers = 0.5e6;
  EXPECT_NEAR(IndexNamesOf(counts), 0.5e6, 1);
}

TEST(Preflight, CountsANameForEachInternalizedString) {
  HeapCounts counts = Sampled(20);
  counts.sample->internalized_strings = 40'000;
  EXPECT_NEAR(IndexNamesOf(counts), 400'000, 1);
  HeapCounts old = Sampled(12);  // which does not list them
  old.sample->internalized_strings = 40'000;
  EXPECT_NEAR(IndexNamesOf(old), 0, 1);
}

TEST(Preflight, CountsANameThatBothHaveOnce) {
  HeapCounts counts = Sampled(20);
  counts.sample->internalized_strings = 40'000;
  counts.sample->longest_array_length = 1e6;
  counts.sample->longest_array_pointers = 0.25e6;
  EXPECT_NEAR(IndexNamesOf(counts), 0.25e6 + 0.75 * 400'000, 1);
  counts.sample->longest_array_length = counts.sample->longest_array_pointers = 300'000;
  EXPECT_NEAR(IndexNamesOf(counts), 400'000, 1);
}

}  // namespace
}  // namespace leaktrail
