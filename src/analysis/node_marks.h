// What the dominator pass wants to know of every node before it walks the graph.
//
// A mark is a word that stands where the node's preorder number will be, so that the walk learns
// in one look whether a node was visited and, if not, what it is:
//   word <= node count: visited, and this is its number · else: ~word are the flags below
//
// Cost: two passes over the edges with all threads; 2 bytes a node while it runs.
// Threads: starts and joins its own.
#pragma once

#include <array>
#include <cstdint>

#include "base/array.h"
#include "heap/graph.h"

namespace leaktrail {

struct NodeMark {
  static constexpr uint32_t kSingle = 1;  // at most one edge into it that is not weak
  static constexpr uint32_t kMany = 2;    // kManyRetainers such edges and more
  static constexpr uint32_t kManyRetainers = 24;
  // 0: nothing special · 1…254: the only edge that counts leads to LeafTargets::node[code] ·
  // kReplaced: its retainers were replaced by its dominator (hub_dominators.h).
  static constexpr uint32_t kCodeShift = 2;
  static constexpr uint32_t kReplaced = 255;
  static constexpr uint32_t kLowestWord = ~uint32_t{1023};

  static uint32_t Word(uint32_t flags) { return ~flags; }
  static bool single(uint32_t word) { return (~word & kSingle) != 0; }
  static bool many(uint32_t word) { return (~word & kMany) != 0; }
  static uint32_t code(uint32_t word) { return ~word >> kCodeShift; }
};

// The nodes that most leaves lead to, by code.
struct LeafTargets {
  std::array<uint32_t, 256> node{};
};

// Fills marks, which has an entry for each node. Counting edges that turn out not to be essential
// is safe: it only shortens less.
LeafTargets MarkNodes(const HeapGraph& graph, unsigned threads, Array<uint32_t>& marks);

// Edges with rules of their own: those of a WeakMap's entries, for all tables.
inline bool IsEphemeron(const HeapGraph& graph, const RawEdge& edge) {
  return edge.type() == EdgeType::kInternal && graph.strings().has_ephemerons() &&
         graph.strings().ephemeron(StringIndex(edge.label >> RawEdge::kTypeBits)) != nullptr;
}
// Rule 1 of the essential edges: the value of a WeakMap entry belongs to its key, not its table.
inline bool IsEphemeronOfTable(const HeapGraph& graph, uint32_t from, const RawEdge& edge) {
  if (edge.type() != EdgeType::kInternal || !graph.strings().has_ephemerons()) return false;
  const EphemeronName* name =
      graph.strings().ephemeron(StringIndex(edge.label >> RawEdge::kTypeBits));
  return name != nullptr && name->table_id == graph.columns().id[from];
}

}  // namespace leaktrail
