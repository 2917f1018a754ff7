// Shallow and retained sizes as DevTools shows them, without its wrap-around at 2^32.
#pragma once

#include <cstdint>
#include <unordered_map>

#include "analysis/dominators.h"
#include "base/array.h"
#include "heap/graph.h"

namespace leaktrail {

// Shallow size: self size after the bytes of singly-owned array and hidden nodes (and external
// string data) were moved to their owner. The sum over all nodes stays total_self_size().
// Skipped, as in DevTools, when the root has no user root: then shallow size is self size.
class ShallowSizes {
 public:
  uint64_t of(NodeIndex n) const {
    const uint32_t v = low_[n.value()];
    if (large_.empty()) return v;
    const auto it = large_.find(n.value());
    return it == large_.end() ? v : it->second;
  }
  void Prefetch(NodeIndex n) const { __builtin_prefetch(&low_[n.value()]); }

 private:
  friend ShallowSizes ComputeShallowSizes(const HeapGraph& graph, unsigned threads);
  Array<uint32_t> low_;
  std::unordered_map<uint32_t, uint64_t> large_;  // sizes of 4 GiB and more
};
ShallowSizes ComputeShallowSizes(const HeapGraph& graph, unsigned threads = 1);

// Sum of the shallow sizes of all that a node dominates, itself included. By node.
Array<uint64_t> ComputeRetainedSizes(const HeapGraph& graph, const DominatorTree& dominators,
                                     const ShallowSizes& shallow);

}  // namespace leaktrail
