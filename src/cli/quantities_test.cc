#include "cli/quantities.h"

#include <gtest/gtest.h>

namespace leaktrail {
namespace {

TEST(Quantities, TimesAreSumsOfNumbersWithUnits) {
  EXPECT_EQ(ParseSeconds("10m"), 600);
  EXPECT_EQ(ParseSeconds("1h30m"), 5400);
  EXPECT_EQ(ParseSeconds("500ms"), 0.5);
  EXPECT_EQ(ParseSeconds("30"), 30);
  for (const char* text : {"", "0", "m", "10x", "10m5", "-1s", "1.2.3s", "1e9s"}) {
    EXPECT_FALSE(ParseSeconds(text)) << text;
  }
}

TEST(Quantities, SizesNeedAUnit) {
  EXPECT_EQ(ParseSize("500MB"), 500'000'000u);
  EXPECT_EQ(ParseSize("1.5 GB"), 1'500'000'000u);
  EXPECT_EQ(ParseSize("1MiB"), 1u << 20);
  for (const char* text : {"", "500", "0MB", "MB", "10 minutes", "5MB5", "10m"}) {
    EXPECT_FALSE(ParseSize(text)) << text;
  }
}

}  // namespace
}  // namespace leaktrail
