#include "experiment/rounds.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>

namespace leaktrail {
namespace {

// A service that answers at once; each request leaves so many bytes.
struct Leaking {
  double heap = 0, external = 0, native = 0;
};

RoundsState RunService(const Leaking& each, RoundsOptions options) {
  auto requests = std::make_shared<double>(0);
  RoundDriver driver;
  driver.load = [=](uint64_t n) {
    *requests += static_cast<double>(n);
    LoadResult result;
    result.completed = n;
    result.seconds = static_cast<double>(n) / 10'000;
    return Result<LoadResult>(result);
  };
  driver.measure = [=]() {
    MemoryReading reading;
    reading.heap_used = 10e6 + each.heap * *requests;
    reading.external = 2e6 + each.external * *requests;
    reading.resident = 60e6 + (each.heap + each.external + each.native) * *requests;
    return Result<MemoryReading>(reading);
  };
  options.min_time = std::chrono::milliseconds(0);
  const Result<RoundsState> state = RunRounds(driver, options);
  EXPECT_TRUE(state.has_value());
  return state ? *state : RoundsState{};
}

TEST(Rounds, NativeMemoryThatTheHeapDoesNotKnowEndsThemBeforeTheMachineIsFull) {
  RoundsOptions options;
  options.max_resident_growth = 2e9;
  const Leaking streams{2'000, 16'000, 280'000};
  const RoundsState bounded = RunService(streams, options);
  EXPECT_EQ(bounded.outcome, GrowthOutcome::kLeak);
  const double grown =
      bounded.rounds.back().memory.resident - bounded.rounds.front().memory.resident;
  EXPECT_GE(grown, 2e9);
  EXPECT_LT(grown, 2.5e9);
  options.max_resident_growth = 0;
  const RoundsState free = RunService(streams, options);
  EXPECT_GT(free.rounds.back().memory.resident, bounded.rounds.back().memory.resident);
}

TEST(Rounds, RoomOnTheMachineDoesNotShortenWhatStaysSmall) {
  RoundsOptions options;
  const RoundsState free = RunService({100, 0, 0}, options);
  options.max_resident_growth = 2e9;
  const RoundsState bounded = RunService({100, 0, 0}, options);
  EXPECT_EQ(free.outcome, GrowthOutcome::kLeak);
  EXPECT_EQ(bounded.outcome, GrowthOutcome::kLeak);
  EXPECT_EQ(free.units(), bounded.units());
}

}  // namespace
}  // namespace leaktrail
