#include "analysis/experiment_facts.h"

#include <gtest/gtest.h>

namespace leaktrail {
namespace {

double SumOf(const ResidentParts& p) { return p.heap + p.external + p.native + p.files + p.rest; }

TEST(ResidentParts, WhatIsNeitherHeapNorHeldIsNative) {
  const ResidentParts parts = SplitResident(100e6, 60e6, 30e6, 10e6);
  EXPECT_DOUBLE_EQ(parts.files, 40e6);
  EXPECT_DOUBLE_EQ(parts.native, 20e6);
  EXPECT_DOUBLE_EQ(parts.rest, 0);
}

TEST(ResidentParts, MemoryThatIsNotResidentIsTheRestAndTheSumStays) {
  const ResidentParts parts = SplitResident(100e6, 30e6, 30e6, 10e6);
  EXPECT_DOUBLE_EQ(parts.native, 0);
  EXPECT_DOUBLE_EQ(parts.rest, -10e6);
  EXPECT_DOUBLE_EQ(SumOf(parts), 100e6);
}

}  // namespace
}  // namespace leaktrail
