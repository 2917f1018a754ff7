#include "experiment/quiet_check.h"

#include <gtest/gtest.h>

#include <chrono>
#include <vector>

namespace leaktrail {
namespace {

using std::chrono::milliseconds;

// A service whose heap grew from 10 to 20 MB, and what is left of that growth in its readings.
struct Service {
  std::vector<double> kept;
  size_t readings = 0;
  milliseconds waited{0};
  uint64_t requests = 0;

  Result<QuietFinding> Check(milliseconds wait) {
    RoundsState rounds;
    for (const double heap : {10e6, 15e6, 20e6}) {
      Round round;
      round.requests = 500;
      round.memory.heap_used = heap;
      rounds.rounds.push_back(round);
    }
    QuietDriver driver;
    driver.wait = [this](milliseconds time) {
      waited += time;
      return Result<void>();
    };
    driver.load = [this](uint64_t n) {
      requests += n;
      return Result<LoadResult>(LoadResult());
    };
    driver.measure = [this] {
      MemoryReading reading;
      reading.heap_used = 10e6 + 10e6 * kept.at(readings++);
      return Result<MemoryReading>(reading);
    };
    return CheckQuiet(rounds, wait, driver);
  }
};

TEST(QuietCheck, WhatStaysIsNoDoubt) {
  Service service{{0.98}};
  const Result<QuietFinding> found = service.Check(milliseconds(20'000));
  ASSERT_TRUE(found);
  EXPECT_NEAR(found->gone, 0.02, 1e-9);
  EXPECT_FALSE(found->doubtful());
  EXPECT_FALSE(found->let_go());
  EXPECT_EQ(found->seconds, 20);
  EXPECT_EQ(service.readings, 1u);
  EXPECT_EQ(service.requests, 50u) << "a tenth of a round";
}

TEST(QuietCheck, WhatGrowsOnWithTheLittleLoadStays) {
  Service service{{1.1}};
  const Result<QuietFinding> found = service.Check(milliseconds(20'000));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->gone, 0);
}

TEST(QuietCheck, WhatIsGoneIsLetGo) {
  Service service{{0.01}};
  const Result<QuietFinding> found = service.Check(milliseconds(20'000));
  ASSERT_TRUE(found);
  EXPECT_TRUE(found->let_go());
  EXPECT_EQ(service.waited, milliseconds(20'000));
}

TEST(QuietCheck, WhatFallsIsWaitedFor) {
  Service service{{0.7, 0.4, 0.1}};
  const Result<QuietFinding> found = service.Check(milliseconds(20'000));
  ASSERT_TRUE(found);
  EXPECT_TRUE(found->let_go());
  EXPECT_EQ(service.readings, 3u);
  EXPECT_EQ(found->seconds, 32);
}

TEST(QuietCheck, WhatFallsNoMoreIsInDoubt) {
  Service service{{0.6, 0.58}};
  const Result<QuietFinding> found = service.Check(milliseconds(20'000));
  ASSERT_TRUE(found);
  EXPECT_TRUE(found->doubtful());
  EXPECT_FALSE(found->let_go());
  EXPECT_EQ(service.readings, 2u);
}

TEST(QuietCheck, AWaitHasAnEnd) {
  Service service{{0.74, 0.68, 0.6, 0.5, 0.4}};
  const Result<QuietFinding> found = service.Check(milliseconds(20'000));
  ASSERT_TRUE(found);
  EXPECT_TRUE(found->doubtful());
  EXPECT_EQ(found->seconds, 44);
}

TEST(QuietCheck, AnErrorEndsIt) {
  RoundsState rounds;
  rounds.rounds.resize(1);
  QuietDriver driver;
  driver.wait = [](milliseconds) -> Result<void> {
    return Fail(ErrorKind::kInterrupted, "interrupted");
  };
  const Result<QuietFinding> found = CheckQuiet(rounds, milliseconds(10), driver);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind, ErrorKind::kInterrupted);
}

TEST(QuietCheck, TheTimeDependsOnWhatWasWatched) {
  RoundsOptions options;
  options.time_limit = milliseconds(65'000);
  options.max_settle = milliseconds(1'500);
  const auto time = [&](int watched) { return QuietTime(milliseconds(watched), options).count(); };
  EXPECT_EQ(time(10'000), 28'000);
  EXPECT_EQ(time(30'000), 15'000);
  EXPECT_EQ(time(65'000), 1'500);
  options.time_limit = milliseconds(20'000);
  EXPECT_EQ(time(15'000), 5'000);
  options.max_settle = milliseconds(40'000);
  EXPECT_EQ(time(15'000), 40'000) << "the user knows for how long things live";
}

}  // namespace
}  // namespace leaktrail
