// Tables that fill and tables that leak, told by their keys.
#include "analysis/key_space.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <functional>

namespace leaktrail {
namespace {

using Key = std::function<std::string(uint64_t)>;

KeySpace Judge(uint64_t count, const Key& key) {
  std::vector<std::string> older, newer;
  for (uint64_t i = 0; i < count; ++i) (i < count / 2 ? older : newer).push_back(key(i));
  return JudgeKeys(older, newer, count);
}

TEST(KeySpace, LabelsOfALimitedRangeAreLimitedInWhateverOrderTheyCome) {
  const auto label = [](uint64_t i) { return fmt::format("label-{}", i * 7919 % 20000); };
  EXPECT_EQ(Judge(9000, label), KeySpace::kLimited);
  EXPECT_EQ(Judge(1000, label), KeySpace::kLimited);
}

TEST(KeySpace, ACounterIsOpen) {
  EXPECT_EQ(Judge(9000, [](uint64_t i) { return fmt::format("k{}", i); }), KeySpace::kOpen);
  EXPECT_EQ(Judge(9000, [](uint64_t i) { return fmt::format("{}", 1763847315000 + i * 3); }),
            KeySpace::kOpen);
}

TEST(KeySpace, ACounterBesideALimitedNumberIsOpen) {
  const auto page = [](uint64_t i) { return fmt::format("user-{}/page/{}", i % 50, i); };
  EXPECT_EQ(Judge(5000, page), KeySpace::kOpen);
}

TEST(KeySpace, TwoLimitedNumbersAreLimited) {
  const auto cell = [](uint64_t i) {
    return fmt::format("row {} column {}", i * 7919 % 100, i * 104729 / 100 % 90);
  };
  EXPECT_EQ(Judge(5000, cell), KeySpace::kLimited);
}

TEST(KeySpace, FewKeysOfAHugeRangeAreOpen) {
  const auto random = [](uint64_t i) { return fmt::format("id-{}", i * 2654435761 % 4294967291); };
  EXPECT_EQ(Judge(5000, random), KeySpace::kOpen);
}

TEST(KeySpace, TokensAndWordsAreOpen) {
  const auto token = [](uint64_t i) {
    std::string hex;
    for (uint64_t v = i * 0x9E3779B97F4A7C15u; hex.size() < 16; v = v * 31 + 7) {
      hex += "0123456789abcdef"[v >> 60];
    }
    return hex;
  };
  EXPECT_EQ(Judge(5000, token), KeySpace::kOpen);
  EXPECT_EQ(Judge(50, [](uint64_t i) { return std::string(i + 1, 'x'); }), KeySpace::kOpen);
}

TEST(KeySpace, CombinationsOfAFewWordsAreLimited) {
  const std::vector<std::string> words = {"red",  "blue", "green", "amber", "teal",
                                          "gold", "plum", "rose",  "sand",  "wine"};
  const auto style = [&](uint64_t i) {
    const uint64_t n = i * 379 % 1000;
    return words[n % 10] + "-" + words[n / 10 % 10] + "-" + words[n / 100];
  };
  EXPECT_EQ(Judge(600, style), KeySpace::kLimited);
}

TEST(KeySpace, AWordBesideATokenIsOpen) {
  const auto key = [](uint64_t i) {
    const uint64_t v = i * 0x9E3779B97F4A7C15u;
    return fmt::format("{}:{:x}", i % 2 == 0 ? "user" : "admin", v);
  };
  EXPECT_EQ(Judge(5000, key), KeySpace::kOpen);
}

TEST(KeySpace, FewCombinationsOfManyWordsAreOpen) {
  const auto address = [](uint64_t i) {
    const uint64_t v = (i + 1) * 0x9E3779B97F4A7C15u;
    return fmt::format("{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", v >> 56, v >> 48 & 255, v >> 40 & 255,
                       v >> 32 & 255, v >> 24 & 255);
  };
  EXPECT_EQ(Judge(9000, address), KeySpace::kOpen);
}

TEST(KeySpace, AHandfulOfKeysTellsNothing) {
  EXPECT_EQ(Judge(20, [](uint64_t i) { return fmt::format("{}", i % 10); }), KeySpace::kOpen);
}

}  // namespace
}  // namespace leaktrail
