// Shallow and retained sizes as DevTools shows them, without its wrap-around at 2^32.
#pragma once

#include <cstdint>

#include "analysis/dominators.h"
#include "base/array.h"
#include "base/ranked_bits.h"
#include "heap/graph.h"

namespace leaktrail {

// Shallow size: self size after the bytes of singly-owned array and hidden nodes (and external
// string data) were moved to their owner. The sum over all nodes stays total_self_size().
// Skipped, as in DevTools, when the root has no user root: then shallow size is self size.
// Only what differs from the self sizes is kept: the graph must outlive this.
class ShallowSizes {
 public:
  uint64_t of(NodeIndex n) const {
    if (taken_.contains(n.value())) return 0;
    if (grown_.contains(n.value())) return grown_size_[grown_.Rank(n.value())];
    return graph_->self_size(n);
  }

  // Writes those of nodes [first, end), `first` being a multiple of 64; kLarge stands for one that
  // is as large, or larger. Quicker than of() for each.
  static constexpr uint32_t kLarge = 0xFFFFFFFFu;
  void CopyTo(uint32_t first, uint32_t end, uint32_t* sizes) const;

 private:
  friend ShallowSizes ComputeShallowSizes(const HeapGraph& graph);
  const HeapGraph* graph_ = nullptr;
  RankedBits taken_;            // their bytes are their owner's; not sealed
  RankedBits grown_;            // owners
  Array<uint64_t> grown_size_;  // by rank
};
ShallowSizes ComputeShallowSizes(const HeapGraph& graph);

// Sum of the shallow sizes of all that a node dominates, itself included. By node.
Array<uint64_t> ComputeRetainedSizes(const HeapGraph& graph, const DominatorTree& dominators,
                                     const ShallowSizes& shallow);

}  // namespace leaktrail
