#include <gtest/gtest.h>

#include "analysis/growth.h"

namespace leaktrail {
namespace {

// A group of which `born[k]` objects came in step k + 1, all of them still there at the end.
GrowthGroup Growing(std::vector<uint64_t> born) {
  GrowthGroup g;
  uint64_t sum = 0;
  for (auto* v :
       {&g.nodes, &g.bytes, &g.owner_bytes, &g.items, &g.fresh, &g.lasting, &g.lasting_bytes}) {
    v->push_back(0);
  }
  for (const uint64_t b : born) {
    sum += b;
    g.nodes.push_back(sum);
    g.items.push_back(sum);
    g.bytes.push_back(sum * 64);
    g.owner_bytes.push_back(0);
    g.fresh.push_back(b);
    g.lasting.push_back(b);
    g.lasting_bytes.push_back(b * 64);
  }
  return g;
}

GrowthShape ShapeOfGroup(const GrowthGroup& g) { return JudgeShape(g, MatchedBy::kNodeId).shape; }

TEST(GrowthShape, EqualStepsAreSteady) {
  EXPECT_EQ(ShapeOfGroup(Growing({2000, 2000})), GrowthShape::kSteady);
  EXPECT_EQ(ShapeOfGroup(Growing({500, 500, 500, 500})), GrowthShape::kSteady);
}

TEST(GrowthShape, LongerLaterStepsAreSteady) {
  EXPECT_EQ(ShapeOfGroup(Growing({600, 7400})), GrowthShape::kSteady);
}

TEST(GrowthShape, ACacheThatFillsSlowsDown) {
  EXPECT_EQ(ShapeOfGroup(Growing({4000, 1000})), GrowthShape::kSlowing);
}

TEST(GrowthShape, WhatComesOnceHasStopped) {
  EXPECT_EQ(ShapeOfGroup(Growing({4000, 0})), GrowthShape::kStopped);
}

TEST(GrowthShape, TwoSnapshotsCannotTell) {
  EXPECT_EQ(ShapeOfGroup(Growing({4000})), GrowthShape::kTwoPoints);
}

TEST(GrowthShape, WhatDiesBeforeTheEndTurnsOver) {
  GrowthGroup g = Growing({4000, 4000});
  g.lasting[1] = 100;
  EXPECT_EQ(ShapeOfGroup(g), GrowthShape::kTurnover);
}

TEST(GrowthShape, ReplacedEntriesTurnOver) {
  // As many old ones went as new ones came.
  GrowthGroup g = Growing({200, 200});
  g.nodes = {400, 400, 400};
  EXPECT_EQ(ShapeOfGroup(g), GrowthShape::kTurnover);
}

TEST(GrowthShape, AnOwnerThatGrowsWithoutItemsIsJudgedByBytes) {
  GrowthGroup g = Growing({0, 0});
  g.owner_bytes = {100'000, 200'000, 300'000};
  const ShapeJudgement j = JudgeShape(g, MatchedBy::kNodeId);
  EXPECT_TRUE(j.by_bytes);
  EXPECT_EQ(j.shape, GrowthShape::kSteady);
}

}  // namespace
}  // namespace leaktrail
