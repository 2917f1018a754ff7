#include "analysis/node_marks.h"

#include <algorithm>
#include <functional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/parallel.h"

namespace leaktrail {
namespace {

constexpr size_t kNodeBlock = size_t{1} << 16;

class NodeMarker {
 public:
  NodeMarker(const HeapGraph& graph, unsigned threads, Array<uint32_t>& marks)
      : graph_(graph),
        threads_(std::max(threads, 1u)),
        n_(graph.node_count()),
        first_edge_(graph.columns().first_edge.data()),
        edge_(graph.columns().edge.data()),
        marks_(marks) {}

  LeafTargets Run() {
    if (n_ >= NodeMark::kLowestWord) {  // marks and numbers would mix; nothing is said of any node
      for (uint32_t v = 0; v < n_; ++v) marks_[v] = NodeMark::Word(0);
      return {};
    }
    CountRetainers();
    return CodeLeaves();
  }

 private:
  void CountRetainers() {
    // Two threads at most: the counts are as large as a cache, and a third would only push them
    // out.
    const unsigned workers = std::min(threads_, 2u);
    Array<uint8_t> counts[2] = {Array<uint8_t>(n_), Array<uint8_t>(workers == 2 ? n_ : 0)};
    const uint64_t edge_count = graph_.edge_count();
    RunWorkers(workers, [&](unsigned k) {
      uint8_t* const count = counts[k].data();
      const uint64_t end = edge_count * (k + 1) / workers;
      for (uint64_t e = edge_count * k / workers; e < end; ++e) {
        const RawEdge& edge = edge_[e];
        uint8_t& c = count[edge.target];
        c = static_cast<uint8_t>(c +
                                 (edge.type() != EdgeType::kWeak && c < NodeMark::kManyRetainers));
      }
    });
    ParallelBlocks(threads_, n_, kNodeBlock, [&](size_t first, size_t last) {
      for (size_t v = first; v < last; ++v) {
        const uint32_t count = counts[0][v] + (workers == 2 ? counts[1][v] : 0u);
        marks_[v] = NodeMark::Word((count <= 1 ? NodeMark::kSingle : 0) |
                                   (count >= NodeMark::kManyRetainers ? NodeMark::kMany : 0));
      }
    });
  }

  // The only edge of a node that counts for the walk, if there is just one; else the root, 0.
  // Nothing to do with page objects: that rule is looked at when the edge is followed.
  uint32_t OnlyTarget(uint32_t node) const {
    uint32_t only = 0;
    for (uint32_t e = first_edge_[node]; e < first_edge_[node + 1]; ++e) {
      const RawEdge& edge = edge_[e];
      if (edge.type() == EdgeType::kWeak) continue;
      // An edge to the root may make a page object of it, which the walk has to see.
      if (only != 0 || edge.target == 0 || edge.target == node ||
          edge.type() == EdgeType::kShortcut || IsEphemeron(graph_, edge)) {
        return 0;
      }
      only = edge.target;
    }
    return only;
  }

  LeafTargets CodeLeaves() {
    // The popular targets; of a large graph from every 61st node.
    std::unordered_map<uint32_t, uint32_t> votes;
    const uint32_t stride = n_ < 65536 ? 1 : 61;
    for (uint32_t v = 1; v < n_; v += stride) {
      if (const uint32_t t = OnlyTarget(v); t != 0 && NodeMark::many(marks_[t])) ++votes[t];
    }
    std::vector<std::pair<uint32_t, uint32_t>> order;  // votes, target
    for (const auto& [t, count] : votes) order.emplace_back(count, t);
    std::sort(order.begin(), order.end(), std::greater<>());
    LeafTargets targets;
    std::unordered_map<uint32_t, uint32_t> code_of_target;
    for (uint32_t i = 0; i < order.size() && i + 1 < NodeMark::kReplaced; ++i) {
      targets.node[i + 1] = order[i].second;
      code_of_target[order[i].second] = i + 1;
    }
    ParallelBlocks(threads_, n_, kNodeBlock, [&](size_t first, size_t last) {
      for (auto v = static_cast<uint32_t>(std::max<size_t>(first, 1)); v < last; ++v) {
        const uint32_t t = OnlyTarget(v);
        if (t == 0) continue;
        const auto it = code_of_target.find(t);
        if (it != code_of_target.end()) {
          marks_[v] = NodeMark::Word(~marks_[v] | it->second << NodeMark::kCodeShift);
        }
      }
    });
    return targets;
  }

  const HeapGraph& graph_;
  const unsigned threads_;
  const uint32_t n_;
  const uint32_t* first_edge_;
  const RawEdge* edge_;
  Array<uint32_t>& marks_;
};

}  // namespace

LeafTargets MarkNodes(const HeapGraph& graph, unsigned threads, Array<uint32_t>& marks) {
  return NodeMarker(graph, threads, marks).Run();
}

}  // namespace leaktrail
