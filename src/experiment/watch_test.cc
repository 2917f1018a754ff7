#include "experiment/watch.h"

#include <gtest/gtest.h>

namespace leaktrail {
namespace {

constexpr double kBegin = 1'800'000'000;
constexpr uint64_t kMegabyte = 1'000'000;

// A second with one major collection.
MemorySample SampleAt(int second, uint64_t live, uint64_t external = kMegabyte) {
  MemorySample sample;
  sample.at = kBegin + second;
  sample.heap_limit_bytes = 200 * kMegabyte;
  sample.heap_used_bytes = live + 10 * kMegabyte;  // garbage, which must not count
  sample.heap_total_bytes = sample.heap_used_bytes;
  sample.external_bytes = external;
  sample.resident_bytes = sample.heap_total_bytes + external + 40 * kMegabyte;
  sample.major_collections.push_back({sample.at, 1, live, external});
  return sample;
}

TEST(GrowthWatch, HeapThatGrowsAfterEachCollectionIsALeakWithATimeToTheLimit) {
  GrowthWatch watch({});
  for (int s = 0; s < 60; ++s) {
    watch.Add(SampleAt(s, 20 * kMegabyte + static_cast<uint64_t>(s) * kMegabyte / 2));
  }
  const WatchState& state = watch.state();
  EXPECT_EQ(state.outcome, GrowthOutcome::kLeak);
  EXPECT_STREQ(state.grows, "heap");
  EXPECT_NEAR(state.slope.per_unit, 500'000, 1000);
  ASSERT_TRUE(state.seconds_to_limit);
  EXPECT_STREQ(state.limit_of, "heap");
  EXPECT_NEAR(*state.seconds_to_limit, (200 - 49.5) / 0.5, 5);
}

TEST(GrowthWatch, FlatMemoryIsNoLeakAndGarbageDoesNotCount) {
  GrowthWatch watch({});
  for (int s = 0; s < 120; ++s) {
    MemorySample sample = SampleAt(s, 20 * kMegabyte + static_cast<uint64_t>(s % 3) * 100);
    sample.heap_used_bytes += static_cast<uint64_t>(s) * kMegabyte;  // a heap that fills
    watch.Add(sample);
  }
  EXPECT_EQ(watch.Finish(), GrowthOutcome::kNoLeak) << watch.state().reason;
  EXPECT_FALSE(watch.state().seconds_to_limit);
}

TEST(GrowthWatch, ExternalMemoryThatGrowsWhileTheHeapIsFlatIsSaidToBeThat) {
  GrowthWatch watch({});
  for (int s = 0; s < 60; ++s) {
    watch.Add(SampleAt(s, 20 * kMegabyte, static_cast<uint64_t>(s + 1) * kMegabyte));
  }
  EXPECT_EQ(watch.state().outcome, GrowthOutcome::kLeak);
  EXPECT_STREQ(watch.state().grows, "external");
}

TEST(GrowthWatch, WithoutCollectionsNothingIsJudgedAndTheReasonSaysSo) {
  GrowthWatch watch({});
  for (int s = 0; s < 30; ++s) {
    MemorySample sample = SampleAt(s, 20 * kMegabyte);
    sample.major_collections.clear();
    watch.Add(sample);
  }
  EXPECT_EQ(watch.Finish(), GrowthOutcome::kInconclusive);
  EXPECT_NE(watch.state().reason.find("no major collection"), std::string::npos);
}

TEST(GrowthWatch, ResidentMemoryRunsIntoTheLimitOfACgroup) {
  GrowthWatch watch({.resident_bytes = 150 * kMegabyte, .resident_limit_of = "cgroup"});
  for (int s = 0; s < 120; ++s) {
    watch.Add(SampleAt(s, 20 * kMegabyte + static_cast<uint64_t>(s) * kMegabyte / 2));
  }
  ASSERT_TRUE(watch.state().seconds_to_limit);
  EXPECT_STREQ(watch.state().limit_of, "cgroup");
}

TEST(GrowthWatch, ARestartForgetsTheProcessBefore) {
  GrowthWatch watch({});
  for (int s = 0; s < 60; ++s) watch.Add(SampleAt(s, static_cast<uint64_t>(s) * kMegabyte));
  EXPECT_EQ(watch.Finish(), GrowthOutcome::kLeak);
  watch.Restart();
  EXPECT_EQ(watch.Finish(), GrowthOutcome::kInconclusive);
  EXPECT_EQ(watch.state().major_count, 0u);
}

}  // namespace
}  // namespace leaktrail
