#include "base/ranked_bits.h"

#include <gtest/gtest.h>

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
