#include "report/words.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

namespace leaktrail {
namespace {

TEST(Words, SizesAreDecimalAndNeverShowAThousandOfAUnit) {
  EXPECT_EQ(FormatSize(0), "0 B");
  EXPECT_EQ(FormatSize(999), "999 B");
  EXPECT_EQ(FormatSize(1000), "1.0 kB");
  EXPECT_EQ(FormatSize(99'949), "99.9 kB");
  EXPECT_EQ(FormatSize(99'960), "100 kB");
  EXPECT_EQ(FormatSize(999'499), "999 kB");
  EXPECT_EQ(FormatSize(999'500), "1.0 MB");
  EXPECT_EQ(FormatSize(5'368'709'120), "5.4 GB");
  EXPECT_EQ(FormatSize(std::numeric_limits<uint64_t>::max()), "18.4 EB");
}

TEST(Words, DeltasHaveASignUnlessTheyAreZero) {
  EXPECT_EQ(FormatSizeDelta(1200), "+1.2 kB");
  EXPECT_EQ(FormatSizeDelta(-1200), "-1.2 kB");
  EXPECT_EQ(FormatSizeDelta(0), "0 B");
  EXPECT_EQ(FormatCountDelta(-20'012), "-20,012");
  EXPECT_EQ(FormatSizeDelta(std::numeric_limits<int64_t>::min()), "-9.2 EB");
}

TEST(Words, CountsAreGroupedByThrees) {
  EXPECT_EQ(FormatCount(0), "0");
  EXPECT_EQ(FormatCount(999), "999");
  EXPECT_EQ(FormatCount(1000), "1,000");
  EXPECT_EQ(FormatCount(1'234'567), "1,234,567");
  EXPECT_EQ(FormatCountOf(1, "node", "nodes"), "1 node");
  EXPECT_EQ(FormatCountOf(2000, "node", "nodes"), "2,000 nodes");
}

TEST(Words, SharesOfNothingAreEmpty) {
  EXPECT_EQ(FormatShare(1, 8), "12.5%");
  EXPECT_EQ(FormatShare(0, 0), "");
}

TEST(Words, DurationsChooseTheirUnit) {
  EXPECT_EQ(FormatDuration(0.42), "0.4 ms");
  EXPECT_EQ(FormatDuration(812.3), "812 ms");
  EXPECT_EQ(FormatDuration(12'300), "12.3 s");
  EXPECT_EQ(FormatDuration(125'000), "2 min 05 s");
}

TEST(Words, EscapesWhatCouldSteerATerminal) {
  EXPECT_EQ(SafeText("plain 漢字"), "plain 漢字");
  EXPECT_EQ(SafeText("\x1b[2J"), "\\x1b[2J");
  EXPECT_EQ(SafeText("a\nb\tc\rd"), "a\\nb\\tc\\rd");
  EXPECT_EQ(SafeText("\xc2\x9b"), "\\x9b");          // a C1 control: CSI in one character
  EXPECT_EQ(SafeText("\xe2\x80\xae"), "\\u{202e}");  // right-to-left override
  EXPECT_EQ(SafeText("\xef\xbb\xbf"), "\\u{feff}");  // invisible
  EXPECT_EQ(SafeText(std::string_view("\0", 1)), "\\x00");
}

TEST(Words, ShowsBrokenUtf8ByteByByte) {
  EXPECT_EQ(SafeText("\xff"), "\\xff");
  EXPECT_EQ(SafeText("\xe6\xbc"), "\\xe6\\xbc");           // ends within a character
  EXPECT_EQ(SafeText("\xc0\xaf"), "\\xc0\\xaf");           // overlong '/'
  EXPECT_EQ(SafeText("\xed\xa0\x80"), "\\xed\\xa0\\x80");  // a surrogate
  EXPECT_EQ(SafeText("\xf5\x80\x80\x80"), "\\xf5\\x80\\x80\\x80");
}

TEST(Words, NamesLoseTheSpacesAroundThem) {
  EXPECT_EQ(SafeName("global / "), "global /");
  EXPECT_EQ(SafeName("   "), "");
}

TEST(Words, WidthCountsColumnsNotBytes) {
  EXPECT_EQ(DisplayWidth("abc"), 3u);
  EXPECT_EQ(DisplayWidth("漢字"), 4u);
  EXPECT_EQ(DisplayWidth("e\xcc\x81"), 1u);  // with a combining acute
  EXPECT_EQ(DisplayWidth("😀"), 2u);
  EXPECT_EQ(DisplayWidth("›"), 1u);
}

TEST(Words, ShorteningKeepsTheWidth) {
  EXPECT_EQ(ShortenEnd("abcdef", 6), "abcdef");
  EXPECT_EQ(ShortenEnd("abcdef", 4), "abc…");
  EXPECT_EQ(ShortenFront("abcdef", 4), "…def");
  EXPECT_EQ(ShortenEnd("漢字漢字", 6), "漢字…");  // two columns do not fit into one
  EXPECT_EQ(ShortenFront("漢字漢字", 6), "…漢字");
  EXPECT_EQ(ShortenEnd("abc", 0), "");
}

}  // namespace
}  // namespace leaktrail
