#include "capture/memory_guard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "capture/proc_files.h"

namespace leaktrail {
namespace {

using testing::HasSubstr;

constexpr uint64_t kMega = 1'000'000;

MemoryRoom Container(uint64_t limit, uint64_t left) {
  MemoryRoom room;
  room.cgroup_limit_bytes = limit;
  room.cgroup_bytes = left;
  return room;
}

TEST(MemoryGuard, LetsAChildGoOnThatHasRoom) {
  MemoryGuard guard(0);
  for (const uint64_t left : {280u, 260u, 240u, 220u, 200u, 180u}) {
    EXPECT_FALSE(guard.Judge(Container(300 * kMega, left * kMega))) << left;
  }
}

TEST(MemoryGuard, EndsAChildBeforeItsContainerIsFull) {
  MemoryGuard guard(0);
  EXPECT_FALSE(guard.Judge(Container(300 * kMega, 30 * kMega)));
  const std::optional<std::string> why = guard.Judge(Container(300 * kMega, 15 * kMega));
  ASSERT_TRUE(why);
  EXPECT_THAT(*why, HasSubstr("15 MB are left below the limit of the container (300 MB)"));
}

TEST(MemoryGuard, LooksAheadAtAChildThatGrowsFast) {
  MemoryGuard slow(0), fast(0);
  EXPECT_FALSE(slow.Judge(Container(300 * kMega, 61 * kMega)));
  EXPECT_FALSE(slow.Judge(Container(300 * kMega, 60 * kMega)));
  EXPECT_FALSE(fast.Judge(Container(300 * kMega, 100 * kMega)));
  EXPECT_TRUE(fast.Judge(Container(300 * kMega, 60 * kMega)));
}

TEST(MemoryGuard, KnowsNoDangerWithoutALimit) {
  MemoryGuard guard(0);
  EXPECT_FALSE(guard.Judge({}));
  EXPECT_FALSE(guard.Judge({}));
}

TEST(MemoryGuard, MindsTheMachineToo) {
  MemoryGuard guard(0);
  MemoryRoom room;
  room.host_total_bytes = 8'000 * kMega;
  room.host_bytes = 500 * kMega;
  EXPECT_FALSE(guard.Judge(room));
  room.host_bytes = 100 * kMega;
  const std::optional<std::string> why = guard.Judge(room);
  ASSERT_TRUE(why);
  EXPECT_THAT(*why, HasSubstr("100 MB are left of this machine's memory (8000 MB)"));
}

TEST(MemoryGuard, ReadsThisMachine) { EXPECT_FALSE(MemoryGuard(getpid()).Look()); }

TEST(WhatIsShort, KeepsTheReserve) {
  const MemoryRoom room = Container(500 * kMega, 200 * kMega);
  EXPECT_FALSE(WhatIsShort(room, 170 * kMega));
  EXPECT_EQ(WhatIsShort(room, 180 * kMega).value_or(""),
            "200 MB are left below the limit of the container (500 MB)");
  EXPECT_FALSE(WhatIsShort({}, ~uint64_t{0} / 2));
}

TEST(OfferToBeKilled, IsSeenByTheKernel) {
  const auto offered = [] {
    OfferToBeKilled();
    return ReadProcFile("/proc/self/oom_score_adj") == "1000\n";
  };
  EXPECT_EXIT(_exit(offered() ? 0 : 1), testing::ExitedWithCode(0), "");
}

TEST(MemoryReserve, IsAShareWithinBounds) {
  EXPECT_EQ(MemoryReserve(100 * kMega), 16 * kMega);
  EXPECT_EQ(MemoryReserve(1'000 * kMega), 50 * kMega);
  EXPECT_EQ(MemoryReserve(64'000 * kMega), 128 * kMega);
}

}  // namespace
}  // namespace leaktrail
