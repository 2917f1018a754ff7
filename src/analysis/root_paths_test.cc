// Which of several ways to a node is told: rings of timers are held by their head.
#include "analysis/root_paths.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/support/graph_dsl.h"

namespace leaktrail {
namespace {

using testing::DslGraph;

std::string HolderOf(const DslGraph& g, std::string_view label) {
  const NameHashes names(g.graph());
  const RootPaths paths(g.graph(), names);
  const HeldBy by = paths.holder(g[label]);
  return by.from.valid() ? g.label(by.from) : "";
}

constexpr const char* kRing = R"(
root -shortcut global-> global
global -service-> service
service -timer-> mine
global -lists-> lists
lists -30000-> list
list: object TimersList
mine: object Timeout; a: object Timeout; b: object Timeout
list -_idleNext-> a; a -_idleNext-> mine; mine -_idleNext-> b; b -_idleNext-> list
list -_idlePrev-> b; b -_idlePrev-> mine; mine -_idlePrev-> a; a -_idlePrev-> list
b -_onTimeout-> callback
)";

TEST(RootPaths, AMemberOfARingDoesNotHoldTheOthers) {
  const DslGraph g(kRing);
  EXPECT_EQ(HolderOf(g, "a"), "list");
  EXPECT_EQ(HolderOf(g, "b"), "list");
  EXPECT_EQ(HolderOf(g, "callback"), "b");
}

TEST(RootPaths, WhatHoldsOneMemberIsTold) {
  EXPECT_EQ(HolderOf(DslGraph(kRing), "mine"), "service");
}

TEST(RootPaths, AListWithoutAHeadIsFollowed) {
  const DslGraph g(R"(
root -shortcut global-> global
global -queue-> queue
queue -head-> first
first: object Immediate; second: object Immediate
first -_idleNext-> second; second -_idlePrev-> first
)");
  EXPECT_EQ(HolderOf(g, "first"), "queue");
  EXPECT_EQ(HolderOf(g, "second"), "first");
}

TEST(RootPaths, ARingThatNeverComesBackEnds) {
  const DslGraph g(R"(
root -shortcut global-> list
list: object TimersList
list -_idleNext-> a; a -_idleNext-> b; b -_idleNext-> a
)");
  EXPECT_EQ(HolderOf(g, "b"), "list");
}

// As those of a promise that many wait for: V8 links its reactions.
TEST(RootPaths, WhereAWayLeavesAVisibleObjectIsKnownForAnyNumberOfInnerParts) {
  constexpr int kParts = 3'000;
  std::string text =
      "root -shortcut global-> global; global -a-> holder; holder -internal x-> p0\n";
  for (int i = 0; i < kParts; ++i) {
    text += fmt::format("p{0}: hidden \"system / PromiseReaction\"; p{0} -internal x-> i{0}\n", i);
    if (i > 0) text += fmt::format("p{} -internal next-> p{}\n", i - 1, i);
  }
  const DslGraph g(text);
  const NameHashes names(g.graph());
  const RootPaths paths(g.graph(), names);
  for (int i = 0; i < kParts; ++i) {
    ASSERT_EQ(g.label(paths.below_visible(g[fmt::format("i{}", i)])), "p0") << i;
    ASSERT_EQ(g.label(paths.below_visible(g[fmt::format("p{}", i)])), "p0") << i;
  }
  EXPECT_EQ(g.label(paths.below_visible(g["holder"])), "holder");
  EXPECT_EQ(g.label(paths.holder(g["p0"]).from), "holder");
}

}  // namespace
}  // namespace leaktrail
