#include "experiment/semver.h"

#include <gtest/gtest.h>

namespace leaktrail {
namespace {

TEST(Semver, OrdersVersionsAsNpmDoes) {
  // From semver.org, point 11, and what sorting as text gets wrong.
  const char* ascending[] = {"0.9.0",      "1.0.0-alpha",  "1.0.0-alpha.1", "1.0.0-alpha.beta",
                             "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1",
                             "1.0.0",      "1.0.1",        "1.2.0",         "1.10.0",
                             "2.0.0-0",    "2.0.0"};
  for (size_t i = 0; i < std::size(ascending); ++i) {
    for (size_t k = 0; k < std::size(ascending); ++k) {
      EXPECT_EQ(*ParseVersion(ascending[i]) <=> *ParseVersion(ascending[k]), i <=> k)
          << ascending[i] << " " << ascending[k];
    }
  }
}

TEST(Semver, LeavesBuildMetadataOut) {
  EXPECT_EQ(*ParseVersion("1.2.3+build.5"), *ParseVersion("v1.2.3"));
  EXPECT_FALSE(ParseVersion("1.2.3+a-b")->is_pre_release());
}

TEST(Semver, TakesNothingButWholeVersions) {
  for (const char* text : {"", "1", "1.2", "1.2.x", "^1.2.3", "latest", "1.2.3-", "1.2.3-a..b",
                           "1.2.3.4", "1.2.99999999999999999999999", "1.-2.3", "1.2.3-ä"}) {
    EXPECT_FALSE(ParseVersion(text)) << text;
  }
}

TEST(Semver, CountsBothEndsAsBetween) {
  EXPECT_TRUE(IsBetween("4.1.2", "4.1.2", "4.2.1"));
  EXPECT_TRUE(IsBetween("4.2.1", "4.1.2", "4.2.1"));
  EXPECT_FALSE(IsBetween("4.2.2", "4.1.2", "4.2.1"));
  EXPECT_FALSE(IsBetween("git+ssh://x", "4.1.2", "4.2.1"));
}

}  // namespace
}  // namespace leaktrail
