// Shallow and retained sizes as DevTools shows them, without its wrap-around at 2^32.
#pragma once

#include <cstdint>
#include <span>

#include "analysis/dominators.h"
#include "base/array.h"
#include "base/growing_array.h"
#include "heap/graph.h"

namespace leaktrail {

// Shallow size: self size after the bytes of singly-owned array and hidden nodes (and external
// string data) were moved to their owner. The sum over all nodes stays total_self_size().
// Skipped, as in DevTools, when the root has no user root: then shallow size is self size.
//
// As in the graph, a size of 64 KiB and more stands aside: the sums by class read them in another
// order than the nodes', and two bytes of each are in a cache more often than eight. Memory: 2 bytes a node.
class ShallowSizes {
 public:
  static constexpr uint16_t kLarge = LargeSize::kMark;  // as large, or larger
  uint64_t of(NodeIndex n) const { return size_of(n.value()); }
  uint64_t size_of(uint32_t node) const {
    return small_[node] != kLarge ? small_[node] : FindLargeSize(large_, node);
  }
  // By node.
  std::span<const uint16_t> small() const { return small_.span(); }

 private:
  friend ShallowSizes ComputeShallowSizes(const HeapGraph& graph);
  Array<uint16_t> small_;
  GrowingArray<LargeSize> large_;  // sorted by node
};
ShallowSizes ComputeShallowSizes(const HeapGraph& graph);

// Sum of the shallow sizes of all that a node dominates, itself included. By node.
Array<uint64_t> ComputeRetainedSizes(const HeapGraph& graph, const DominatorTree& dominators,
                                     const ShallowSizes& shallow);

}  // namespace leaktrail
