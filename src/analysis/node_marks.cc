#include "analysis/node_marks.h"

#include <algorithm>

#include "base/parallel.h"

namespace leaktrail {
namespace {

// Sums of counts become marks. In bytes, so that the compiler makes vector instructions of it.
void MarksOfCounts(uint8_t* counts, const uint8_t* other, size_t first, size_t last,
                   uint32_t sampled_from) {
  if (other != nullptr) {
    for (size_t v = first; v < last; ++v) {
      const auto sum = static_cast<uint8_t>(counts[v] + other[v]);
      counts[v] = sum < counts[v] ? uint8_t{255} : sum;
    }
  }
  const auto sampled = static_cast<uint8_t>(std::min(sampled_from, 255u));
  const uint8_t sampled_mark = sampled_from <= 255 ? NodeMark::kSampled : 0;
  for (size_t v = first; v < last; ++v) {
    const uint8_t count = counts[v];
    const uint8_t single = count <= 1 ? NodeMark::kSingle : 0;
    const uint8_t many = count >= NodeMark::kManyRetainers ? NodeMark::kMany : 0;
    const uint8_t taken = count >= sampled ? sampled_mark : uint8_t{0};
    counts[v] = static_cast<uint8_t>(single | many | taken);
  }
}

}  // namespace

Array<uint8_t> MarkNodes(const HeapGraph& graph, unsigned threads, uint32_t sampled_from) {
  constexpr size_t kNodeBlock = size_t{1} << 16;
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
    const uint8_t* const other = workers == 2 ? counts[1].data() : nullptr;
    MarksOfCounts(counts[0].data(), other, first, last, sampled_from);
  });
  return std::move(counts[0]);
}

}  // namespace leaktrail
