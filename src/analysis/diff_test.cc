#include "analysis/diff.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "heap/graph_builder.h"
#include "tests/support/graph_dsl.h"

namespace leaktrail {
namespace {

using testing::DslGraph;

std::vector<std::string> Rows(const HeapGraph& a, const HeapGraph& b, MatchedBy by) {
  const ClassTable b_classes = ComputeClasses(b, FindDetachedNodes(b));
  const ClassTable a_classes = ComputeClasses(a, FindDetachedNodes(a), &b_classes.interfaces);
  const ShallowSizes a_sizes = ComputeShallowSizes(a), b_sizes = ComputeShallowSizes(b);
  std::vector<std::string> rows;
  for (const DiffRow& r : ComputeDiff({a, a_classes, a_sizes}, {b, b_classes, b_sizes}, by).rows) {
    rows.push_back(r.key.ToString() + " +" + std::to_string(r.added_count) + " -" +
                   std::to_string(r.removed_count) + " +" + std::to_string(r.added_size) + " -" +
                   std::to_string(r.removed_size));
  }
  return rows;
}
std::vector<std::string> Rows(const char* a, const char* b, MatchedBy by = MatchedBy::kNodeId) {
  return Rows(DslGraph(a).graph(), DslGraph(b).graph(), by);
}
using Texts = std::vector<std::string>;

TEST(Diff, MatchesNodesByIdInsideTheirClass) {
  EXPECT_EQ(Rows("root -> a; root -> b; a: object A 10 @11; b: object A 20 @13",
                 "root -> a; root -> b; a: object A 10 @11; b: object A 30 @15"),
            (Texts{",A +1 -1 +30 -20"}));
}

TEST(Diff, LeavesOutANodeWhoseSizeChanged) {
  EXPECT_TRUE(Rows("root -> a; a: object A 10 @11", "root -> a; a: object A 99 @11").empty());
}

TEST(Diff, ShowsANodeThatChangedItsClassTwice) {
  EXPECT_EQ(Rows("root -> a; a: object A 10 @11", "root -> a; a: object B 12 @11"),
            (Texts{",B +1 -0 +12 -0", ",A +0 -1 +0 -10"}));
}

TEST(Diff, LeavesOutNodesWithoutASize) {
  EXPECT_EQ(Rows("root -> a; a: object A 0 @11",
                 "root -> a; a: object A 8 @11; root -> b; b: object B 0"),
            (Texts{",A +1 -0 +8 -0"}));
}

TEST(Diff, TakesClassesApartByTheConstructorsPlace) {
  EXPECT_EQ(
      Rows("root", "root -> a; root -> b; a: object A 8; b: object A 8; at a 1 2 3; at b 1 9 3"),
      (Texts{"1,2,3,A +1 -0 +8 -0", "1,9,3,A +1 -0 +8 -0"}));
}

TEST(Diff, SplitsThePlainObjectsOfTheBaseAsTheCurrentSnapshotDoes) {
  EXPECT_EQ(Rows("root -> a; a: object Object 8 @11; a -x-> b; b: object B 8 @17",
                 "root -> a; root -> c; a: object Object 8 @11; c: object Object 8 @13; "
                 "a -x-> b; c -x-> b; b: object B 8 @17"),
            (Texts{",{x} +1 -0 +8 -0"}));
}

TEST(Diff, OfAnIdThatIsThereTwiceMatchesEachOnce) {
  EXPECT_EQ(Rows("root -> a; root -> b; a: object A 8 @11; b: object A 8 @11",
                 "root -> a; a: object A 8 @11"),
            (Texts{",A +0 -1 +0 -8"}));
}

TEST(DiffByClass, ComparesCountsAndSizes) {
  EXPECT_EQ(
      Rows("root -> a; root -> b; a: object A 10 @11; b: object B 20 @13",
           "root -> a; root -> b; a: object A 15 @101; b: object A 10 @103", MatchedBy::kClass),
      (Texts{",A +1 -0 +15 -0", ",B +0 -1 +0 -20"}));
}

TEST(DiffByClass, JoinsConstructorsWhoseScriptHasAnotherNumber) {
  EXPECT_EQ(Rows("root -> a; a: object A 10; at a 55 2 3",
                 "root -> a; root -> b; a: object A 10; b: object A 10; at a 71 2 3; at b 71 2 3",
                 MatchedBy::kClass),
            (Texts{"71,2,3,A +1 -0 +10 -0"}));
  EXPECT_TRUE(Rows("root -> a; a: object A 10; at a 55 2 3",
                   "root -> a; a: object A 10; at a 71 4 3", MatchedBy::kClass)
                  .empty());
}

// As many nodes as the thresholds are about, each with its own name.
HeapGraph Heap(uint32_t count, uint32_t first_id, uint32_t first_name, CaptureNote note = {}) {
  GraphBuilder b;
  b.AddNode(NodeType::kSynthetic, "", 1, 0);
  for (uint32_t i = 0; i < count; ++i) {
    b.AddNode(NodeType::kObject, fmt::format("n{}", first_name + i), first_id + 2 * i, 8);
  }
  b.set_note(std::move(note));
  return b.Build();
}

TEST(NodeIds, AreComparableIfTheyStandForTheSameNodes) {
  EXPECT_TRUE(NodeIdsComparable(Heap(1000, 3, 0), Heap(3000, 3, 0)));
}

TEST(NodeIds, AreNotComparableIfTheyStandForOthers) {
  EXPECT_FALSE(NodeIdsComparable(Heap(1000, 3, 0), Heap(1000, 3, 1)));
}

// Two forks of one process: equal until the first node that only one has.
TEST(NodeIds, AreNotComparableIfOnlyTheirEndDiffers) {
  GraphBuilder b;
  b.AddNode(NodeType::kSynthetic, "", 1, 0);
  for (uint32_t i = 0; i < 1000; ++i) {
    b.AddNode(NodeType::kObject, fmt::format("n{}", i < 995 ? i : i - 1), 3 + 2 * i, 8);
  }
  EXPECT_TRUE(NodeIdsComparable(Heap(1000, 3, 0), b.Build()));
  GraphBuilder c;
  c.AddNode(NodeType::kSynthetic, "", 1, 0);
  for (uint32_t i = 0; i < 1000; ++i) {
    c.AddNode(NodeType::kObject, fmt::format("n{}", i < 992 ? i : i - 1), 3 + 2 * i, 8);
  }
  EXPECT_FALSE(NodeIdsComparable(Heap(1000, 3, 0), c.Build()));
}

TEST(NodeIds, AreNotComparableIfNearlyNoneIsFoundAgain) {
  EXPECT_FALSE(NodeIdsComparable(Heap(1000, 3, 0), Heap(1000, 2003, 1000)));
}

TEST(NodeIds, AreNotComparableIfTheSnapshotSaysSo) {
  CaptureNote fork;
  fork.node_ids_comparable = false;
  EXPECT_FALSE(NodeIdsComparable(Heap(1000, 3, 0), Heap(1000, 3, 0, fork)));
  CaptureNote one, other;
  one.process = "17";
  other.process = "18";
  EXPECT_FALSE(NodeIdsComparable(Heap(1000, 3, 0, one), Heap(1000, 3, 0, other)));
}

TEST(NodeIds, OfManyNodesAreSampled) {
  EXPECT_TRUE(NodeIdsComparable(Heap(90'000, 3, 0), Heap(100'000, 3, 0)));
  EXPECT_FALSE(NodeIdsComparable(Heap(90'000, 3, 0), Heap(100'000, 3, 7)));
}

}  // namespace
}  // namespace leaktrail
