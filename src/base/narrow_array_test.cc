#include "base/narrow_array.h"

#include <gtest/gtest.h>

namespace leaktrail {
namespace {

TEST(NarrowArray, KeepsNumbersOfTwoAndOfFourBytes) {
  NarrowArray numbers(5);
  EXPECT_EQ(numbers.size(), 5u);
  EXPECT_EQ(numbers[4], 0u);
  numbers.Set(0, 65'535);
  numbers.Set(1, 7);
  EXPECT_EQ(numbers[0], 65'535u);
  numbers.Set(2, 65'536);  // from here on wide
  numbers.Set(3, 0xFFFFFFFFu);
  EXPECT_EQ(numbers.size(), 5u);
  EXPECT_EQ(numbers[0], 65'535u);
  EXPECT_EQ(numbers[1], 7u);
  EXPECT_EQ(numbers[2], 65'536u);
  EXPECT_EQ(numbers[3], 0xFFFFFFFFu);
  EXPECT_EQ(numbers[4], 0u);
}

TEST(NarrowArray, OfNothingIsEmpty) { EXPECT_EQ(NarrowArray(0).size(), 0u); }

}  // namespace
}  // namespace leaktrail
