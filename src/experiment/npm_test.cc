#include "experiment/npm.h"

#include <gtest/gtest.h>

#include "experiment/npm_registry.h"

namespace leaktrail {
namespace {

CommandResult Failed(const char* errors) {
  CommandResult result;
  result.exit_code = 1;
  result.errors = errors;
  return result;
}

TEST(NpmComplaint, TellsTheFirstLineThatSaysSomething) {
  EXPECT_EQ(NpmComplaint(Failed("npm error code ETARGET\n"
                                "npm error notarget No matching version found for a@9.9.9.\n"
                                "npm error notarget In most cases you are requesting\n"
                                "npm error A complete log of this run can be found in: /x\n")),
            "No matching version found for a@9.9.9. (ETARGET)");
  EXPECT_EQ(NpmComplaint(Failed("npm ERR! code E404\nnpm ERR! 404 Not Found - GET http://x/a\n")),
            "Not Found - GET http://x/a (E404)");
  EXPECT_EQ(NpmComplaint(Failed("npm error code ENOENT\nnpm error syscall open\n"
                                "npm error path /x/package.json\nnpm error errno -2\n"
                                "npm error enoent Could not read package.json\n")),
            "Could not read package.json (ENOENT)");
}

TEST(NpmComplaint, TellsTheLastWordsOfAnInstallScript) {
  EXPECT_EQ(NpmComplaint(Failed("npm error code 7\nnpm error path /x/node_modules/a\n"
                                "npm error command failed\nnpm error command sh -c node x.js\n"
                                "npm error no compiler\n"
                                "npm error A complete log of this run can be found in: /x\n")),
            "an install script failed: no compiler");
}

TEST(FailedWith, KnowsTheCodeThatNpmEndedWith) {
  EXPECT_TRUE(FailedWith(Failed("npm error code ETARGET\nnpm error notarget x\n"), "ETARGET"));
  EXPECT_FALSE(FailedWith(Failed("npm error code ETARGETS\n"), "ETARGET"));
  EXPECT_FALSE(FailedWith(Failed("code ETARGET\n"), "ETARGET"));
}

TEST(NpmComplaint, SaysSomethingWhateverNpmWrote) {
  EXPECT_EQ(NpmComplaint(Failed("")), "it ended with exit code 1 and wrote nothing");
  EXPECT_EQ(NpmComplaint(Failed("sh: 1: broken\n")), "sh: 1: broken");
  CommandResult slow;
  slow.timed_out = true;
  EXPECT_EQ(NpmComplaint(slow), "it did not end in time");
}

std::vector<PublishedVersion> Versions() {
  std::vector<PublishedVersion> all;
  for (const char* v :
       {"1.0.0", "1.1.0-rc.1", "1.1.0", "1.2.0", "1.10.0", "2.0.0-beta.1", "2.0.0"}) {
    all.push_back({v, ""});
  }
  return all;
}

std::vector<std::string> Names(const std::vector<PublishedVersion>& versions) {
  std::vector<std::string> out;
  for (const PublishedVersion& v : versions) out.push_back(v.version);
  return out;
}

TEST(SelectVersions, LeavesPreReleasesOutUnlessAnEndIsOne) {
  const Result<VersionRange> releases = SelectVersions("a", "1.0.0", "1.10.0", Versions());
  ASSERT_TRUE(releases);
  EXPECT_EQ(Names(releases->versions),
            (std::vector<std::string>{"1.0.0", "1.1.0", "1.2.0", "1.10.0"}));
  EXPECT_EQ(Names(releases->newer), std::vector<std::string>{"2.0.0"});
  EXPECT_EQ(releases->pre_releases_left_out, 1u);
  const Result<VersionRange> all = SelectVersions("a", "1.1.0-rc.1", "1.2.0", Versions());
  EXPECT_EQ(Names(all->versions), (std::vector<std::string>{"1.1.0-rc.1", "1.1.0", "1.2.0"}));
}

TEST(SelectVersions, NamesTheNearestOfAVersionThatIsNotThere) {
  const Result<VersionRange> range = SelectVersions("a", "1.0.0", "1.3.0", Versions());
  ASSERT_FALSE(range);
  EXPECT_EQ(range.error().message, "a has no version 1.3.0; the nearest are 1.2.0 and 1.10.0");
  EXPECT_EQ(SelectVersions("a", "0.1.0", "1.2.0", Versions()).error().message,
            "a has no version 0.1.0; the nearest is 1.0.0");
  EXPECT_EQ(SelectVersions("a", "1.0.0", "latest", Versions()).error().kind, ErrorKind::kUsage);
}

TEST(SelectVersions, GoesBackwardsWhereTheGoodEndIsTheNewer) {
  const Result<VersionRange> range = SelectVersions("a", "1.10.0", "1.1.0", Versions());
  ASSERT_TRUE(range);
  EXPECT_EQ(Names(range->versions), (std::vector<std::string>{"1.10.0", "1.2.0", "1.1.0"}));
  EXPECT_TRUE(range->newer.empty());
  EXPECT_FALSE(SelectVersions("a", "1.1.0", "1.1.0", Versions()));
}

}  // namespace
}  // namespace leaktrail
