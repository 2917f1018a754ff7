#include "base/batch_worker.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace leaktrail {
namespace {

class BatchWorkerTest : public ::testing::TestWithParam<bool> {};

TEST_P(BatchWorkerTest, HandsOverAllValuesInOrder) {
  std::vector<int> seen;
  BatchWorker<int> worker(GetParam(), [&](std::span<const int> batch) {
    seen.insert(seen.end(), batch.begin(), batch.end());
  });
  const int count = 1'000'000;
  for (int i = 0; i < count; ++i) worker.Push(i);
  worker.Finish();
  ASSERT_EQ(seen.size(), static_cast<size_t>(count));
  for (int i = 0; i < count; ++i) ASSERT_EQ(seen[static_cast<size_t>(i)], i);
}

TEST_P(BatchWorkerTest, PassesOnWhatTheFunctionThrows) {
  BatchWorker<int> worker(GetParam(), [](std::span<const int> batch) {
    if (!batch.empty()) throw std::runtime_error("full");
  });
  EXPECT_THROW(
      {
        for (int i = 0; i < 1'000'000; ++i) worker.Push(i);
        worker.Finish();
      },
      std::runtime_error);
}

TEST_P(BatchWorkerTest, CanBeLeftUnfinished) {
  BatchWorker<int> worker(GetParam(), [](std::span<const int>) {});
  for (int i = 0; i < 10'000; ++i) worker.Push(i);
}

INSTANTIATE_TEST_SUITE_P(Threads, BatchWorkerTest, ::testing::Values(false, true));

}  // namespace
}  // namespace leaktrail
