#include "capture/surrogates.h"

#include <gtest/gtest.h>

namespace leaktrail {
namespace {

TEST(Surrogates, HalvesOfPairsAreReplacedAndPairsAreKept) {
  EXPECT_EQ(ReplaceLoneSurrogates(R"("a\ud83db")"), R"("a\ufffdb")");
  EXPECT_EQ(ReplaceLoneSurrogates(R"("\udc00")"), R"("\ufffd")");
  EXPECT_EQ(ReplaceLoneSurrogates(R"("\ud83d\ude00")"), R"("\ud83d\ude00")");
  EXPECT_EQ(ReplaceLoneSurrogates(R"("\ude00\ud83d")"), R"("\ufffd\ufffd")");
  EXPECT_EQ(ReplaceLoneSurrogates(R"("\ud83d\ud83d\ude00")"), R"("\ufffd\ud83d\ude00")");
}

TEST(Surrogates, AnEscapedBackslashBeginsNoEscape) {
  EXPECT_EQ(ReplaceLoneSurrogates(R"("\\ud83d")"), R"("\\ud83d")");
  EXPECT_EQ(ReplaceLoneSurrogates(R"("\\\ud83d")"), R"("\\\ufffd")");
}

TEST(Surrogates, TextThatEndsWithinAnEscapeIsKept) {
  for (const char* text : {"\\", "\\u", "\\ud8", "\\ud83"}) {
    EXPECT_EQ(ReplaceLoneSurrogates(text), text);
  }
}

}  // namespace
}  // namespace leaktrail
