// Which edges count for dominance (Chrome DevTools: "essential" edges).
//
// Source of the rules: heap_snapshot_worker/HeapSnapshot.ts, computeIsEssentialEdge and
// markPageOwnedNodes; docs/format.md has them in words.
//
// Threads: frozen values.
#pragma once

#include <cstdint>

#include "base/array.h"
#include "heap/graph.h"

namespace leaktrail {

// One bit per node.
class NodeSet {
 public:
  NodeSet() = default;
  explicit NodeSet(uint32_t node_count) : bits_((node_count + 63) / 64) {}
  bool contains(NodeIndex n) const { return bits_[n.value() / 64] >> (n.value() % 64) & 1; }
  void insert(NodeIndex n) { bits_[n.value() / 64] |= uint64_t{1} << (n.value() % 64); }
  void erase(NodeIndex n) { bits_[n.value() / 64] &= ~(uint64_t{1} << (n.value() % 64)); }
  bool allocated() const { return !bits_.empty(); }
  // Calls visit(NodeIndex) for the nodes from `first`, a multiple of 64, to `end` that are not in it,
  // in order. The node that is visited may be inserted meanwhile.
  template <typename Visit>
  void ForEachAbsent(uint32_t first, uint32_t end, const Visit& visit) const {
    for (; first < end; first += 64) {
      uint64_t absent = ~bits_[first / 64];
      if (end - first < 64) absent &= (uint64_t{1} << (end - first)) - 1;
      for (; absent != 0; absent &= absent - 1) {
        visit(NodeIndex(first + static_cast<uint32_t>(__builtin_ctzll(absent))));
      }
    }
  }

 private:
  Array<uint64_t> bits_;
};

// Page objects: what the root's shortcut edges (the global object) reach over any edge but weak
// ones. O(nodes + edges). The dominator pass finds the same set on its way; this is the plain form.
NodeSet ComputePageObjects(const HeapGraph& graph);

// The children of the root that are not synthetic, and "(Document DOM trees)".
bool IsUserRoot(const HeapGraph& graph, NodeIndex child_of_root);
bool HasUserRoot(const HeapGraph& graph);

bool IsEssentialEdge(const HeapGraph& graph, const NodeSet& page_objects, NodeIndex from,
                     EdgeIndex edge);

}  // namespace leaktrail
