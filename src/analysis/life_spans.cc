#include "analysis/life_spans.h"

#include <algorithm>

namespace leaktrail {

LifeSpans::LifeSpans(std::span<const HeapGraph* const> graphs) {
  uint32_t largest = 0;
  uint64_t nodes = 0;
  for (const HeapGraph* g : graphs) {
    nodes += g->node_count();
    for (const NodeIndex n : g->nodes()) {
      if (HasIdentity(g->id(n))) largest = std::max(largest, g->id(n));
    }
  }
  size_t slots = size_t{largest} / 2 + 1;
  constexpr uint64_t kSparse = 8, kFloor = 1 << 20;
  if (slots > nodes * kSparse + kFloor) {
    for (const HeapGraph* g : graphs) {
      for (const NodeIndex n : g->nodes()) {
        if (HasIdentity(g->id(n))) sorted_ids_.push_back(g->id(n));
      }
    }
    std::sort(sorted_ids_.begin(), sorted_ids_.end());
    sorted_ids_.erase(std::unique(sorted_ids_.begin(), sorted_ids_.end()), sorted_ids_.end());
    slots = sorted_ids_.size();
  }
  first_ = Array<uint8_t>(slots);
  last_ = Array<uint8_t>(slots);
  for (size_t k = 0; k < graphs.size() && k < kMaxSnapshots; ++k) {
    for (const NodeIndex n : graphs[k]->nodes()) {
      const uint32_t id = graphs[k]->id(n);
      if (!HasIdentity(id)) continue;
      const size_t slot = SlotOf(id);
      if (slot >= first_.size() || slot >= last_.size()) continue;
      if (first_[slot] == 0) first_[slot] = static_cast<uint8_t>(k + 1);
      last_[slot] = static_cast<uint8_t>(k);
    }
  }
}

size_t LifeSpans::SlotOf(uint32_t id) const {
  if (sorted_ids_.empty()) return id / 2;
  return static_cast<size_t>(std::lower_bound(sorted_ids_.begin(), sorted_ids_.end(), id) -
                             sorted_ids_.begin());
}

LifeSpans::Span LifeSpans::of(uint32_t id) const {
  const size_t slot = SlotOf(id);
  if (slot >= first_.size() || slot >= last_.size() || first_[slot] == 0) return {};
  return {static_cast<uint8_t>(first_[slot] - 1), last_[slot]};
}

}  // namespace leaktrail
