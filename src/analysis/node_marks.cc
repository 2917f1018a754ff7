#include "analysis/node_marks.h"

#include <algorithm>

#include "base/parallel.h"

namespace leaktrail {

Array<uint8_t> MarkNodes(const HeapGraph& graph, unsigned threads, uint32_t sampled_from) {
  constexpr size_t kNodeBlock = size_t{1} << 18;
  constexpr uint8_t kMost = 255;
  const uint32_t n = graph.node_count();
  const uint64_t edge_count = graph.edge_count();
  const RawEdge* const edges = graph.columns().edge.data();
  // Two threads at most: the counts are as large as a cache, and a third would only push them out.
  const unsigned workers = threads > 1 ? 2 : 1;
  Array<uint8_t> counts[2] = {Array<uint8_t>(n), Array<uint8_t>(workers == 2 ? n : 0)};
  RunWorkers(workers, [&](unsigned k) {
    uint8_t* const count = counts[k].data();
    const uint64_t end = edge_count * (k + 1) / workers;
    for (uint64_t e = edge_count * k / workers; e < end; ++e) {
      uint8_t& c = count[edges[e].target];
      c = static_cast<uint8_t>(c + (edges[e].type() != EdgeType::kWeak && c < kMost));
    }
  });
  ParallelBlocks(threads, n, kNodeBlock, [&](size_t first, size_t last) {
    for (size_t v = first; v < last; ++v) {
      const unsigned count = counts[0][v] + (workers == 2 ? counts[1][v] : 0u);
      counts[0][v] =
          static_cast<uint8_t>((count <= 1 ? NodeMark::kSingle : 0) |
                               (count >= NodeMark::kManyRetainers ? NodeMark::kMany : 0) |
                               (count >= sampled_from ? NodeMark::kSampled : 0));
    }
  });
  return std::move(counts[0]);
}

}  // namespace leaktrail
