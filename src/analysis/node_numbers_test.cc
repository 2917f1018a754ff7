#include "analysis/node_numbers.h"

#include <gtest/gtest.h>

#include <vector>

namespace leaktrail {
namespace {

// c: core, numbers 1, 3, 2 of the walk; o: outer; l: last.
//   node    0 1 2 3 4 5 6
//   kind    c o l c o c l
TEST(NodeNumbers, PutOuterNodesBehindTheCoreAndLastOnesBehindThose) {
  NodeNumbers numbers;
  numbers.core = RankedBits(7);
  for (uint64_t node : {0, 3, 5}) numbers.core.insert(node);
  numbers.core.Seal();
  numbers.last = RankedBits(7);
  for (uint64_t node : {2, 6}) numbers.last.insert(node);
  numbers.last.Seal();
  numbers.of_core = Array<uint32_t>(3);
  numbers.of_core[0] = 1;
  numbers.of_core[1] = 3;
  numbers.of_core[2] = 2;
  numbers.first_outer = 4;
  numbers.first_last = 6;

  const std::vector<uint32_t> expected = {1, 4, 6, 3, 5, 2, 7};
  for (uint32_t node = 0; node < 7; ++node) EXPECT_EQ(numbers.of(node), expected[node]) << node;
  std::vector<uint32_t> visited;
  numbers.ForEach(0, 7, [&](uint32_t node, uint32_t number) {
    EXPECT_EQ(node, visited.size());
    visited.push_back(number);
  });
  EXPECT_EQ(visited, expected);
}

// The nodes of the second word of 64 begin where those of the first have ended.
TEST(NodeNumbers, AreTheSameFromAnyBlockOn) {
  NodeNumbers numbers;
  numbers.core = RankedBits(200);
  numbers.last = RankedBits(200);
  for (uint64_t node = 0; node < 200; node += 3) numbers.core.insert(node);
  for (uint64_t node = 1; node < 200; node += 30) numbers.last.insert(node);
  const uint32_t core = numbers.core.Seal();
  numbers.first_outer = core + 1;
  numbers.first_last = numbers.first_outer + 200 - core - numbers.last.Seal();
  numbers.of_core = Array<uint32_t>(core);
  for (uint32_t i = 0; i < core; ++i) numbers.of_core[i] = i + 1;
  for (uint32_t first : {0u, 64u, 128u, 192u}) {
    numbers.ForEach(first, 200, [&](uint32_t node, uint32_t number) {
      ASSERT_EQ(number, numbers.of(node)) << node << " from " << first;
    });
  }
}

}  // namespace
}  // namespace leaktrail
