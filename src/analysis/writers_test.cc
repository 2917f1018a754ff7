// Which function is taken for the one that fills a container.
#include "analysis/writers.h"

#include <gtest/gtest.h>

#include "tests/support/graph_dsl.h"

namespace leaktrail {
namespace {

using testing::DslGraph;

constexpr uint64_t kData = HashName("data");

class Writers : public ::testing::Test {
 protected:
  Writers()
      : g_(R"(
root -shortcut global-> global
global -a-> clear; global -b-> get; global -c-> set
clear: closure hashClear; get: closure hashGet; set: closure hashSet
at clear 5 10 0; at get 5 20 0; at set 5 30 0
)"),
        names_(g_.graph()),
        code_(ComputeCodeModel(g_.graph(), names_)) {
    clues_.container_class = "Object";
    clues_.property = {kData};
  }

  FunctionFacts Mentions(const char* closure, bool runs) const {
    FunctionFacts f;
    f.closure = g_[closure];
    f.function = g_[closure];
    f.names = {kData};
    f.has_code = true;
    f.runs = runs;
    return f;
  }
  NodeIndex Best(const std::vector<FunctionFacts>& functions) const {
    const std::vector<Writer> ranked = RankWriters(g_.graph(), code_, functions, clues_);
    return ranked.empty() ? NodeIndex::None() : ranked.front().facts->closure;
  }

  DslGraph g_;
  NameHashes names_;
  CodeModel code_;
  WriterClues clues_;
};

TEST_F(Writers, WhatMentionsNothingOfTheContainerIsNone) {
  FunctionFacts f = Mentions("set", true);
  f.names.clear();
  EXPECT_FALSE(Best({f}).valid());
}

TEST_F(Writers, OfLikeEvidenceWhatRunsAllTheTimeComesFirst) {
  EXPECT_EQ(Best({Mentions("clear", false), Mentions("get", true)}), g_["get"]);
}

TEST_F(Writers, OfLikeEvidenceANameOfAddingComesFirst) {
  EXPECT_EQ(Best({Mentions("get", true), Mentions("set", true)}), g_["set"]);
}

TEST_F(Writers, TheOrderOfTheFunctionsInTheHeapDecidesNothing) {
  const FunctionFacts a = Mentions("clear", true), b = Mentions("get", true);
  EXPECT_EQ(Best({a, b}), g_["clear"]);
  EXPECT_EQ(Best({b, a}), g_["clear"]);
}

TEST_F(Writers, AFunctionThatRemovesComesAfterItsTwin) {
  FunctionFacts removes = Mentions("clear", true);
  removes.names.insert(HashName("delete"));
  EXPECT_EQ(Best({removes, Mentions("get", true)}), g_["get"]);
}

}  // namespace
}  // namespace leaktrail
