// A shortest way from the roots to every node, told as a person would tell it.
//
// Ways over code and shapes (feedback, maps, prototypes' caches) exist to almost everything and say
// nothing, so they are taken only to what nothing else reaches; weak edges are never taken. Ways
// from the user roots (the global object) come before ways from the garbage collector's own roots.
//
// Node keeps its timers in rings, and user code may hold any one member of a ring. Such a member
// leads to all others, but does not keep them: the ring is Node's. So links are not followed; a
// member that nothing else holds is held by the head of its ring.
//
//   service.timer ─▶ Timeout ◀═▶ Timeout ◀═▶ TimersList     ═ _idleNext, _idlePrev
//
// Cost: one breadth-first walk, 12 bytes a node. Threads: frozen.
#pragma once

#include <cstdint>
#include <vector>

#include "analysis/names.h"
#include "base/array.h"
#include "heap/graph.h"

namespace leaktrail {

struct HeldBy {
  NodeIndex from;  // None at a root, or where nothing is known
  EdgeIndex edge;  // into the node; of a ring's member, it may leave the member before
};

class RootPaths {
 public:
  RootPaths(const HeapGraph& graph, const NameHashes& names);
  HeldBy holder(NodeIndex n) const {
    if (edge_[n.value()] == 0) return {};
    return {NodeIndex(parent_[n.value()]), EdgeIndex(edge_[n.value()] - 1)};
  }
  // Where the way to n leaves the visible object (NodeRole) that is next to it: n itself, or the first
  // of the inner parts between, of which there may be as many as nodes. O(1).
  NodeIndex below_visible(NodeIndex n) const { return NodeIndex(below_[n.value()]); }

 private:
  Array<uint32_t> parent_;
  Array<uint32_t> edge_;   // 1 + edge; 0: a root or not reached
  Array<uint32_t> below_;  // of what is not reached: itself
};

// Of code and shapes: see NodeRole.
bool IsEngineEdge(const HeapGraph& graph, const NameHashes& names, EdgeIndex e);

}  // namespace leaktrail
