#include "report/baseline.h"

#include <gtest/gtest.h>

namespace leaktrail {
namespace {

TEST(Baseline, HasTheFingerprintsOfAllSuspects) {
  const auto known = ReadBaseline(
      R"({"schema":"leaktrail.findings/1","suspects":[{"fingerprint":"a"},{"fingerprint":"b"},
          {"fingerprint":"a"}]})");
  ASSERT_TRUE(known);
  EXPECT_EQ(*known, (std::vector<std::string>{"a", "b"}));
}

TEST(Baseline, WithoutALeakItIsEmpty) {
  const auto known = ReadBaseline(R"({"schema":"leaktrail.findings/1","suspects":[]})");
  ASSERT_TRUE(known);
  EXPECT_TRUE(known->empty());
}

TEST(Baseline, AnythingElseIsRefused) {
  for (const char* text :
       {"", "{", "[]", "7", "null", R"({"suspects":[]})", R"({"schema":"leaktrail.summary/1"})",
        R"({"schema":"leaktrail.findings/1"})", R"({"schema":"leaktrail.findings/1","suspects":7})",
        R"({"schema":"leaktrail.findings/1","suspects":[7]})",
        R"({"schema":"leaktrail.findings/1","suspects":[{"fingerprint":7}]})"}) {
    const auto known = ReadBaseline(text);
    ASSERT_FALSE(known) << text;
    EXPECT_EQ(known.error().kind, ErrorKind::kBadInput);
  }
}

}  // namespace
}  // namespace leaktrail
