#include "analysis/hub_dominators.h"

#include <algorithm>

#include "analysis/node_marks.h"
#include "base/growing_array.h"

namespace leaktrail {
namespace {

// By which child of d a node was reached first. Children beyond the last colour share it: they are
// then not told apart, which only proves less.
constexpr uint8_t kNotReached = 0, kLastColour = 254;
constexpr uint8_t kProven = 255;

constexpr size_t kFewNodes = size_t{1} << 16;  // searched in any case

}  // namespace

std::vector<uint32_t> FindHubsDominatedBy(const HeapGraph& graph, uint32_t d,
                                          const std::vector<uint32_t>& children, size_t sure,
                                          const Array<uint8_t>& marks) {
  const uint32_t* const first_edge = graph.columns().first_edge.data();
  const RawEdge* const edges = graph.columns().edge.data();
  const uint32_t n = graph.node_count();
  std::vector<uint32_t> hubs;
  GrowingArray<uint32_t> queue;
  Array<uint8_t> colour(n);
  // A proven hub keeps its colour in the queue: what it leads to has it too.
  GrowingArray<uint8_t> colour_in_queue;
  const auto reach = [&](uint32_t node, uint8_t by) {
    colour[node] = by;
    queue.push_back(node);
    colour_in_queue.push_back(by);
  };
  const auto prove = [&](uint32_t hub) {
    colour[hub] = kProven;
    hubs.push_back(hub);
  };
  uint8_t next = 1, last_sure = 0;
  for (size_t i = 0; i < children.size(); ++i) {
    const uint32_t child = children[i];
    if (child == 0 || child == d || colour[child] != kNotReached) continue;
    reach(child, next);
    if (i < sure) {
      last_sure = next;
      if ((marks[child] & NodeMark::kMany) != 0) prove(child);
    }
    if (next < kLastColour) ++next;
  }
  if (queue.size() < 2) return hubs;
  const size_t enough = kFewNodes + n / 64;
  for (size_t at = 0; at < queue.size() && at < enough; ++at) {
    const uint32_t node = queue[at];
    const uint8_t mine = colour_in_queue[at];
    if (at + 8 < queue.size()) __builtin_prefetch(&first_edge[queue[at + 8]]);
    if (at + 4 < queue.size()) __builtin_prefetch(&edges[first_edge[queue[at + 4]]]);
    for (uint32_t e = first_edge[node]; e < first_edge[node + 1]; ++e) {
      const RawEdge& edge = edges[e];
      const uint32_t target = edge.target;
      const uint8_t its = colour[target];
      if (its == mine || its == kProven || target == 0 || target == d ||
          edge.type() == EdgeType::kWeak || edge.type() == EdgeType::kShortcut ||
          IsEphemeronOfTable(graph, node, edge)) {
        continue;
      }
      if (its == kNotReached) {
        reach(target, mine);
      } else if ((marks[target] & NodeMark::kMany) != 0 && std::min(its, mine) <= last_sure) {
        prove(target);
      }
    }
  }
  return hubs;
}

}  // namespace leaktrail
