#include "capture/preflight.h"

#include <gtest/gtest.h>

#include "capture/fork_speed.h"
#include "capture/work_speed.h"

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

TEST(Preflight, TakesHalfOfTheYoungGenerationForGarbage) {
  HeapCounts counts = Sampled(20);
  const double least = ShapeOf(counts).nodes;
  counts.sample->objects = 200'000;
  EXPECT_NEAR(ShapeOf(counts).nodes, least + 2e6, 1);  // 100 MB, ten times the sample
  counts.young_bytes = 40'000'000;
  EXPECT_NEAR(ShapeOf(counts).nodes, least + 1.6e6, 1);
}

TEST(Preflight, CountsAnEdgeForAPointerOfAnArrayAndOneForItsElementButNotOfATable) {
  const auto edges_with = [](double array_pointers, double table_pointers) {
    HeapCounts counts = Sampled(20);
    counts.sample->large_array_pointers = array_pointers;
    counts.sample->large_table_pointers = table_pointers;
    return ShapeOf(counts).edges;
  };
  const double none = edges_with(0, 0), array = edges_with(1e6, 0), table = edges_with(0, 1e6);
  EXPECT_GT(array, none + 1.3e6);
  EXPECT_LT(table, none + 1e6);
  EXPECT_GT(table, none);
  EXPECT_EQ(edges_with(1e9, 0), edges_with(2e9, 0));  // more than there is room for
}

TEST(Preflight, CountsEntriesOfWeakMaps) {
  HeapCounts counts = Sampled(20);
  const auto cost = [&] { return PredictCost(counts, SnapshotMethod::kInspector); };
  const SnapshotCost without = cost();
  counts.sample->large_weak_pointers = 200'000;
  EXPECT_NEAR(ShapeOf(counts).weak_entries, 100'000, 1);
  EXPECT_GT(cost().extra_memory_bytes, without.extra_memory_bytes + 300'000'000);
  EXPECT_GT(cost().file_bytes, without.file_bytes + 20'000'000);
  EXPECT_GT(cost().pause_ms, without.pause_ms + 500);
}

TEST(Preflight, ReckonsThePauseOfAForkWithTheSpeedOfThisMachine) {
  HeapCounts counts = Sampled(20);
  counts.resident_bytes = 300'000'000;
  const auto pause = [&] { return PredictCost(counts, SnapshotMethod::kFork).pause_ms; };
  const double usual = pause();
  counts.anonymous_bytes = 200'000'000;  // files are not copied
  EXPECT_LT(pause(), usual);
  counts.fork_speed.ms_per_megabyte = 0.1;
  const double slow = pause();
  counts.fork_speed.ms_per_megabyte = 0.02;
  const double fast = pause();
  EXPECT_NEAR(slow - fast, 0.08 * 200, 1e-6);
  counts.maps = 1000;
  counts.fork_speed.ms_per_map = 0.003;
  EXPECT_NEAR(pause() - fast, 3, 1e-6);
  const ForkSpeed here = MeasureForkSpeed();
  EXPECT_GT(here.ms_per_megabyte, 0);
  EXPECT_GT(here.ms_per_map, 0);
}

TEST(Preflight, ReckonsTheWorkWithTheSpeedOfThisMachineAndOfTheVersion) {
  HeapCounts counts = Sampled(20);
  counts.sample->objects = 200'000;
  const auto pause = [&] { return PredictCost(counts, SnapshotMethod::kInspector).pause_ms; };
  const double usual = pause();
  EXPECT_GT(usual, 2e6 * 0.0021);
  counts.work_time = 1.5;
  EXPECT_NEAR(pause(), 1.5 * usual, 1e-6);
  counts.work_time = 1;
  counts.node_major = 24;
  EXPECT_LT(pause(), usual);
  counts.node_major = 21;  // as 20
  EXPECT_EQ(pause(), usual);
  counts.node_major = 0;  // not known
  EXPECT_EQ(pause(), usual);
  EXPECT_GT(MeasureWorkTime(), 0);
}

TEST(Preflight, WarnsWhereTheTimeIsLuck) {
  const auto warnings = [](uint32_t node_major, SnapshotMethod method, double longest) {
    Preflight p;
    p.method = method;
    p.counts = Sampled(node_major);
    p.counts.sample->longest_array_length = p.counts.sample->longest_array_pointers = longest;
    Judge(&p);
    return p.warnings.size();
  };
  EXPECT_EQ(warnings(18, SnapshotMethod::kInspector, 200'000), 1u);
  EXPECT_EQ(warnings(18, SnapshotMethod::kInspector, 20'000), 0u);
  EXPECT_EQ(warnings(18, SnapshotMethod::kFork, 200'000), 0u);
  EXPECT_EQ(warnings(20, SnapshotMethod::kInspector, 200'000), 0u);
}

// A page that the service has already is new for a forked child only.
TEST(Preflight, OnlyAForkedChildTakesMemoryForBuffers) {
  HeapCounts counts = Sampled(20);
  const auto memory = [&](SnapshotMethod m) { return PredictCost(counts, m).extra_memory_bytes; };
  const uint64_t fork = memory(SnapshotMethod::kFork);
  const uint64_t inspector = memory(SnapshotMethod::kInspector);
  counts.external_bytes = 100'000'000;
  EXPECT_EQ(memory(SnapshotMethod::kFork), fork + 38'500'000);
  EXPECT_EQ(memory(SnapshotMethod::kInspector), inspector);
}

}  // namespace
}  // namespace leaktrail
