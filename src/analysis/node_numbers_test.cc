#include "analysis/node_numbers.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace leaktrail {
namespace {

RankedBits MembersOf(uint64_t limit, const std::vector<uint32_t>& members) {
  RankedBits bits(limit);
  for (uint32_t member : members) bits.insert(member);
  bits.Seal();
  return bits;
}

NodeNumbers Numbers(const RankedBits& core, const RankedBits& last,
                    const std::vector<uint32_t>& of_core, uint32_t last_of_core) {
  Array<uint32_t> numbers(of_core.size());
  std::copy(of_core.begin(), of_core.end(), numbers.begin());
  return {core, last, std::move(numbers), last_of_core};
}

// c: core, numbers 1, 3, 2 of the walk; o: outer; l: last.
//   node    0 1 2 3 4 5 6
//   kind    c o l c o c l
TEST(NodeNumbers, PutOuterNodesBehindTheCoreAndLastOnesBehindThose) {
  const NodeNumbers numbers = Numbers(MembersOf(7, {0, 3, 5}), MembersOf(7, {2, 6}), {1, 3, 2}, 3);

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
  std::vector<uint32_t> core, last, of_core;
  for (uint32_t node = 0; node < 200; node += 3) core.push_back(node);
  for (uint32_t node = 1; node < 200; node += 30) last.push_back(node);
  for (uint32_t i = 0; i < core.size(); ++i) of_core.push_back(i + 1);
  const NodeNumbers numbers = Numbers(MembersOf(200, core), MembersOf(200, last), of_core,
                                      static_cast<uint32_t>(core.size()));
  for (uint32_t first : {0u, 64u, 128u, 192u}) {
    numbers.ForEach(first, 200, [&](uint32_t node, uint32_t number) {
      ASSERT_EQ(number, numbers.of(node)) << node << " from " << first;
    });
    std::vector<uint32_t> visited;
    numbers.ForEachCoreNode(first, 199, [&](uint32_t node, uint32_t rank, uint32_t number) {
      ASSERT_EQ(node, core[rank]);
      ASSERT_EQ(number, of_core[rank]);
      visited.push_back(node);
    });
    EXPECT_EQ(visited.size(), std::count_if(core.begin(), core.end(), [&](uint32_t node) {
                return node >= first && node < 199;
              }));
  }
}

}  // namespace
}  // namespace leaktrail
