// Are equal ids the same node? V8 gives a JavaScript object its id at first sight and keeps it, so
// within one process they are. Fresh ids follow the order of the heap and begin at the same number
// in every process (and in every forked child that was the first to look): there nearly every id of
// the one is also in the other, for another node.
//
// Told apart by what the nodes of equal ids are. Measured on pairs of snapshots of Node 8 to 24:
//
//   pair                                    ids shared     same type    same type and name
//   one process, 12 services, up to 3x      89 % – 99 %    100 %        99.99 % and more
//   two processes, the same script          all            37 % – 82 %  6 % – 66 %
//   two processes, two services             all            41 % – 43 %  10 % – 18 %
//
// Where heaps are nearly equal, ids agree from the beginning to the first difference. The node ids
// at the end of the base's range are therefore looked at by themselves.

#include <algorithm>
#include <unordered_map>
#include <vector>

#include "analysis/diff.h"

namespace leaktrail {
namespace {

constexpr size_t kSampleSize = 20'000;
constexpr double kMinSameNodes = 0.99;       // of the ids that both have
constexpr double kMinSameNodesAtEnd = 0.95;  // of the last tenth of them
constexpr double kMinFoundAgain = 0.005;     // of the smaller side: all else may be garbage by now

// Native nodes have even ids, which were hashes of addresses until Node 20; synthetic nodes have
// the same ids in all processes.
bool CanTell(const HeapGraph& graph, NodeIndex n) {
  return graph.id(n) % 2 == 1 && graph.type(n) != NodeType::kSynthetic;
}

uint32_t Scatter(uint32_t id) { return static_cast<uint32_t>(id * 0x9E3779B97F4A7C15u >> 32); }

struct Pair {
  uint32_t id;
  NodeIndex base, current;
};

// Placeholders of texts differ from file to file.
bool IsPlaceholder(const HeapGraph& graph, NodeIndex n) {
  const NodeType t = graph.type(n);
  return graph.note() && graph.note()->redacted &&
         (t == NodeType::kString || t == NodeType::kRegExp || t == NodeType::kNumber ||
          t == NodeType::kBigInt);
}

bool SameNode(const HeapGraph& base, const HeapGraph& current, const Pair& pair) {
  if (base.type(pair.base) != current.type(pair.current)) return false;
  return IsPlaceholder(base, pair.base) || IsPlaceholder(current, pair.current) ||
         base.NodeName(pair.base) == current.NodeName(pair.current);
}

// Up to kSampleSize ids of the base, chosen by the id alone, that the current snapshot has too.
std::vector<Pair> JoinSample(const HeapGraph& base, const HeapGraph& current, size_t base_count) {
  const auto one_in = static_cast<uint32_t>(base_count / kSampleSize + 1);
  const auto chosen = [&](const HeapGraph& graph, NodeIndex n) {
    return CanTell(graph, n) && Scatter(graph.id(n)) % one_in == 0;
  };
  std::unordered_map<uint32_t, NodeIndex> by_id;
  for (NodeIndex n : base.nodes()) {
    if (chosen(base, n)) by_id.emplace(base.id(n), n);
  }
  std::vector<Pair> pairs;
  for (NodeIndex n : current.nodes()) {
    if (!chosen(current, n)) continue;
    const auto it = by_id.find(current.id(n));
    if (it == by_id.end()) continue;
    pairs.push_back({it->first, it->second, n});
    by_id.erase(it);
  }
  std::sort(pairs.begin(), pairs.end(), [](const Pair& a, const Pair& b) { return a.id < b.id; });
  return pairs;
}

size_t CountThatCanTell(const HeapGraph& graph) {
  size_t count = 0;
  for (NodeIndex n : graph.nodes()) count += CanTell(graph, n);
  return count;
}

bool NotesForbid(const HeapGraph& base, const HeapGraph& current) {
  for (const HeapGraph* graph : {&base, &current}) {
    if (graph->note() && !graph->note()->node_ids_comparable) return true;
  }
  return base.note() && current.note() && !base.note()->process.empty() &&
         !current.note()->process.empty() && base.note()->process != current.note()->process;
}

}  // namespace

bool NodeIdsComparable(const HeapGraph& base, const HeapGraph& current) {
  if (NotesForbid(base, current)) return false;
  const size_t base_count = CountThatCanTell(base), current_count = CountThatCanTell(current);
  if (base_count == 0 || current_count == 0)
    return true;  // nothing that could be taken for another
  const std::vector<Pair> pairs = JoinSample(base, current, base_count);
  const double sampled_share = 1.0 / static_cast<double>(base_count / kSampleSize + 1);
  const double expected = static_cast<double>(std::min(base_count, current_count)) * sampled_share;
  if (pairs.empty() || static_cast<double>(pairs.size()) < kMinFoundAgain * expected) return false;
  size_t same = 0, same_at_end = 0;
  const size_t end_begins = pairs.size() - (pairs.size() + 9) / 10;
  for (size_t i = 0; i < pairs.size(); ++i) {
    if (!SameNode(base, current, pairs[i])) continue;
    ++same;
    if (i >= end_begins) ++same_at_end;
  }
  return static_cast<double>(same) >= kMinSameNodes * static_cast<double>(pairs.size()) &&
         static_cast<double>(same_at_end) >=
             kMinSameNodesAtEnd * static_cast<double>(pairs.size() - end_begins);
}

}  // namespace leaktrail
