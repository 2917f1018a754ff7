// A breadth-first search that has to visit nodes in DevTools' own order: which edge of a WeakMap
// pair is met second depends on it. So it runs on one thread.

#include "analysis/distances.h"

#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "analysis/essential_edges.h"

namespace leaktrail {
namespace {

// What JavaScript's parseInt makes of a name; nullopt for NaN. Large numbers stay large enough.
std::optional<int64_t> LeadingNumber(std::string_view text) {
  size_t i = 0;
  while (i < text.size() && (text[i] == ' ' || (text[i] >= '\t' && text[i] <= '\r'))) ++i;
  bool negative = false;
  if (i < text.size() && (text[i] == '-' || text[i] == '+')) negative = text[i++] == '-';
  int64_t value = 0;
  const size_t first = i;
  for (; i < text.size() && text[i] >= '0' && text[i] <= '9' && i - first < 15; ++i) {
    value = value * 10 + (text[i] - '0');
  }
  if (i == first) return std::nullopt;
  return negative ? -value : value;
}

class DistanceSearch {
 public:
  explicit DistanceSearch(const HeapGraph& graph) : graph_(graph), distance_(graph.node_count()) {}

  Array<int32_t> Run() {
    if (graph_.node_count() == 0) return std::move(distance_);
    for (int32_t& d : distance_) d = kNoDistance;
    const NodeIndex root = graph_.root();
    const auto roots = graph_.edges_of(root);
    // A user root with several edges from the root is expanded as many times. This is seen in the
    // result: its WeakMap edges are met again.
    queue_ = Array<uint32_t>(size_t{graph_.node_count()} + roots.size());
    for (EdgeIndex e : roots) {
      const NodeIndex child = graph_.target(e);
      if (!IsUserRoot(graph_, child)) continue;
      distance_[child.value()] = 1;
      Push(child);
    }
    const bool has_user_root = end_ > 0;
    Search();
    distance_[root.value()] = has_user_root ? kBaseSystemDistance : 0;
    next_ = end_ = 0;
    Push(root);
    Search();
    return std::move(distance_);
  }

 private:
  void Push(NodeIndex n) { queue_[end_++] = n.value(); }

  void Search() {
    while (next_ < end_) {
      const NodeIndex from(queue_[next_++]);
      const int32_t distance = distance_[from.value()] + 1;
      const Filter filter = FilterOf(from);
      for (EdgeIndex e : graph_.edges_of(from)) {
        const NodeIndex to = graph_.target(e);
        if (distance_[to.value()] != kNoDistance) continue;
        const EdgeType type = graph_.edge_type(e);
        if (type == EdgeType::kWeak || !Follows(filter, type, e)) continue;
        distance_[to.value()] = distance;
        Push(to);
      }
    }
  }

  enum class Filter : uint8_t { kNone, kNativeContext, kMapDescriptors };

  Filter FilterOf(NodeIndex n) const {
    const NodeType type = graph_.type(n);
    if (type == NodeType::kHidden && graph_.NameIs(n, WellKnown::kNativeContext)) {
      return Filter::kNativeContext;
    }
    if (type == NodeType::kArray && graph_.NameIs(n, WellKnown::kMapDescriptors)) {
      return Filter::kMapDescriptors;
    }
    return Filter::kNone;
  }

  bool Follows(Filter filter, EdgeType type, EdgeIndex e) {
    if (filter == Filter::kMapDescriptors) return !IsDescriptorKey(type, e);
    if (filter == Filter::kNativeContext && !NamedByIndex(type) &&
        graph_.strings().Is(graph_.edge_name(e), WellKnown::kSloppyFunctionMap)) {
      return false;
    }
    if (type == EdgeType::kInternal && graph_.strings().has_ephemerons()) {
      const EphemeronName* entry = graph_.strings().ephemeron(graph_.edge_name(e));
      if (entry != nullptr) return IsSecondOfPair(entry->pair_hash);
    }
    return true;
  }

  // The second edge of a pair comes from the farther one of table and key.
  bool IsSecondOfPair(uint64_t pair) {
    const auto [it, first] = pending_pairs_.insert(pair);
    if (first) return false;
    pending_pairs_.erase(it);
    return true;
  }

  // Maps may share a descriptor array, so its keys say nothing about the map they came from.
  bool IsDescriptorKey(EdgeType type, EdgeIndex e) {
    const uint32_t label = graph_.edge_label(e);
    if (NamedByIndex(type)) return label >= 2 && label % 3 == 1;
    const auto [it, added] = descriptor_key_.try_emplace(label, false);
    if (added) {
      const auto number = LeadingNumber(graph_.strings().Get(StringIndex(label)));
      it->second = number.has_value() && *number >= 2 && *number % 3 == 1;
    }
    return it->second;
  }

  const HeapGraph& graph_;
  Array<int32_t> distance_;
  Array<uint32_t> queue_;
  size_t next_ = 0, end_ = 0;
  std::unordered_set<uint64_t> pending_pairs_;
  std::unordered_map<uint32_t, bool> descriptor_key_;  // by string
};

}  // namespace

Array<int32_t> ComputeDistances(const HeapGraph& graph) { return DistanceSearch(graph).Run(); }

}  // namespace leaktrail
