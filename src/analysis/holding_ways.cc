#include "analysis/holding_ways.h"

#include <algorithm>
#include <unordered_map>

#include "analysis/names.h"

namespace leaktrail {
namespace {

// What the path to a node reads like: its last step, and all steps with runs folded.
struct Reading {
  uint64_t step = 0;
  uint64_t path = 0;
};

constexpr Reading kUnreached{0, 0};
constexpr Reading kRoot{1, 1};

class PathReader {
 public:
  PathReader(const HeapGraph& graph, const RetainerIndex& index, const Array<int32_t>& distances,
             const ClassTable& classes)
      : g_(graph), index_(index), distances_(distances), classes_(classes) {
    known_.emplace(graph.root().value(), kRoot);
  }

  Reading Read(NodeIndex node) {
    struct Step {
      NodeIndex node;
      EdgeIndex edge;
    };
    std::vector<Step> above;  // not known yet, from the node upwards
    NodeIndex n = node;
    auto known = known_.find(n.value());
    while (known == known_.end()) {
      const Retainer r = FindNearestRetainer(g_, index_, distances_, n);
      if (!r.edge.valid()) {
        known = known_.emplace(n.value(), kUnreached).first;
        break;
      }
      above.push_back({n, r.edge});
      n = r.from;
      known = known_.find(n.value());
    }
    Reading reading = known->second;
    for (auto it = above.rbegin(); it != above.rend(); ++it) {
      const uint64_t step = StepOf(it->node, it->edge);
      if (reading.path != kUnreached.path && step != reading.step) {
        reading = {step, MixHash(reading.path, step)};
      }
      known_.emplace(it->node.value(), reading);
    }
    return reading;
  }

 private:
  uint64_t StepOf(NodeIndex n, EdgeIndex e) const {
    const EdgeType type = g_.edge_type(e);
    const uint64_t label = NamedByIndex(type) ? 0 : g_.edge_label(e);
    return MixHash(label << 3 | static_cast<uint64_t>(type), classes_.class_of(n).value());
  }

  const HeapGraph& g_;
  const RetainerIndex& index_;
  const Array<int32_t>& distances_;
  const ClassTable& classes_;
  std::unordered_map<uint32_t, Reading> known_;
};

}  // namespace

std::vector<HoldingWay> FindHoldingWays(const HeapGraph& graph, const RetainerIndex& index,
                                        const Array<int32_t>& distances, const ClassTable& classes,
                                        const Array<uint64_t>& retained,
                                        std::span<const NodeIndex> nodes) {
  PathReader reader(graph, index, distances, classes);
  std::unordered_map<uint64_t, size_t> position;
  std::vector<HoldingWay> ways;
  for (const NodeIndex n : nodes) {
    const Reading reading = reader.Read(n);
    const auto [it, fresh] = position.emplace(reading.path, ways.size());
    if (fresh) ways.push_back({0, n, reading.path != kUnreached.path});
    HoldingWay& way = ways[it->second];
    ++way.count;
    const uint64_t size = retained[n.value()], best = retained[way.example.value()];
    if (size > best || (size == best && graph.id(n) < graph.id(way.example))) way.example = n;
  }
  std::sort(ways.begin(), ways.end(), [&](const HoldingWay& a, const HoldingWay& b) {
    return a.count != b.count ? a.count > b.count : graph.id(a.example) < graph.id(b.example);
  });
  return ways;
}

}  // namespace leaktrail
