#include "snapshot/numbers.h"

#include <gtest/gtest.h>

#include <string>

namespace leaktrail::internal {
namespace {

// The number at the end of `text`, with what may stand before it in a chunk.
uint64_t Parse(const std::string& text) {
  const std::string padded = std::string(64, '[') + text;
  return ParseNumber(padded.data() + padded.size());
}

TEST(ParseNumber, TakesNumbersOfAnyLength) {
  std::string digits;
  for (uint64_t expected = 1; digits.size() < 19;
       expected = expected * 10 + (digits.size() + 1) % 10) {
    digits += static_cast<char>('0' + (digits.size() + 1) % 10);
    for (const char* before : {"", ",", "7,", "12345678,", "1234567890123456789,", "99 ", "9,\n"}) {
      EXPECT_EQ(Parse(before + digits), expected) << before << digits;
    }
  }
}

TEST(ParseNumber, IsSaturatedAtTheLargest) {
  EXPECT_EQ(Parse("18446744073709551615"), ~uint64_t{0});
  EXPECT_EQ(Parse("18446744073709551614"), ~uint64_t{0} - 1);
  EXPECT_EQ(Parse("18446744073709551616"), ~uint64_t{0});
  EXPECT_EQ(Parse("99999999999999999999999"), ~uint64_t{0});
}

TEST(ParseNumber, IgnoresLeadingZeros) {
  EXPECT_EQ(Parse(",000000000000007"), 7u);
  EXPECT_EQ(Parse(",0"), 0u);
}

}  // namespace
}  // namespace leaktrail::internal
