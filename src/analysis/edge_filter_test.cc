#include "analysis/edge_filter.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace leaktrail {
namespace {

// Every range of a few edges, so that they begin and end anywhere in what is looked at at once.
TEST(FindEdgesInto, FindsWhatIsNotWeakAndLeadsToAMember) {
  constexpr uint32_t kNodes = 1000, kEdges = 100;
  std::mt19937 random(7);
  RankedBits set(kNodes);
  for (uint32_t node = 0; node < kNodes; ++node) {
    if (random() % 3 == 0 || node % 32 == 31) set.insert(node);
  }
  std::vector<RawEdge> edges;
  for (uint32_t e = 0; e < kEdges; ++e) {
    edges.push_back({static_cast<uint32_t>(random() % kNodes), static_cast<uint32_t>(random())});
  }
  for (uint32_t first = 0; first <= kEdges; ++first) {
    for (uint32_t end = first; end <= kEdges; ++end) {
      std::vector<uint32_t> expected;
      for (uint32_t e = first; e < end; ++e) {
        if (edges[e].type() != EdgeType::kWeak && set.contains(edges[e].target)) {
          expected.push_back(e);
        }
      }
      std::vector<uint32_t> found(end - first + kEdgeFilterSlack);
      found.resize(FindEdgesInto(edges.data(), first, end, set, found.data()));
      ASSERT_EQ(found, expected) << first << " to " << end;
    }
  }
}

}  // namespace
}  // namespace leaktrail
