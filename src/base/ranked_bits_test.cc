#include "base/ranked_bits.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace leaktrail {
namespace {

TEST(RankedBits, CountsTheMembersBeforeOne) {
  RankedBits bits(200);
  for (uint64_t i : {1, 4, 63, 64, 127, 128, 199}) bits.insert(i);
  EXPECT_EQ(bits.Seal(), 7u);
  EXPECT_EQ(bits.Rank(0), 0u);
  EXPECT_EQ(bits.Rank(1), 0u);
  EXPECT_EQ(bits.Rank(4), 1u);
  EXPECT_EQ(bits.Rank(63), 2u);
  EXPECT_EQ(bits.Rank(64), 3u);
  EXPECT_EQ(bits.Rank(128), 5u);
  EXPECT_EQ(bits.Rank(199), 6u);
}

TEST(RankedBits, VisitsTheMembersOfARangeWithTheirRanks) {
  RankedBits bits(200);
  for (uint64_t i : {1, 4, 63, 64, 127, 128, 199}) bits.insert(i);
  bits.Seal();
  EXPECT_EQ(bits.size(), 7u);
  using Members = std::vector<std::pair<uint64_t, uint32_t>>;
  const auto visit = [&](uint64_t first, uint64_t end) {
    Members members;
    bits.ForEachFrom(first, end, [&](uint64_t i, uint32_t rank) { members.emplace_back(i, rank); });
    return members;
  };
  EXPECT_EQ(visit(0, 200),
            (Members{{1, 0}, {4, 1}, {63, 2}, {64, 3}, {127, 4}, {128, 5}, {199, 6}}));
  EXPECT_EQ(visit(64, 128), (Members{{64, 3}, {127, 4}}));
  EXPECT_EQ(visit(64, 127), (Members{{64, 3}}));
  EXPECT_EQ(visit(128, 128), Members{});
}

TEST(RankedBits, ContainsNothingBeyondItsLimit) {
  RankedBits bits(65);
  bits.insert(64);
  EXPECT_TRUE(bits.contains(64));
  EXPECT_FALSE(bits.contains(63));
  EXPECT_FALSE(bits.contains(65));
  EXPECT_FALSE(bits.contains(100000));
  EXPECT_FALSE(RankedBits().contains(0));
  EXPECT_EQ(RankedBits(0).Seal(), 0u);
}

}  // namespace
}  // namespace leaktrail
