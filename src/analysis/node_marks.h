// What the dominator pass notes of every node, one byte each.
//
// Cost of MarkNodes: one pass over the edges with two threads; 1 byte a node beside the result.
// Threads: starts and joins its own.
#pragma once

#include <cstdint>

#include "base/array.h"
#include "heap/graph.h"

namespace leaktrail {

struct NodeMark {
  // Of the edges into the node, weak ones left out.
  static constexpr uint8_t kSingle = 1;  // at most one
  static constexpr uint8_t kMany = 2;    // kManyRetainers and more
  static constexpr uint8_t kManyRetainers = 24;
  // What core_graph.h makes of it.
  static constexpr uint8_t kReplaced = 4;   // its dominator is known: edges into it say nothing
  static constexpr uint8_t kKept = 8;       // in the core in any case
  static constexpr uint8_t kOuter = 16;     // not in the core
  static constexpr uint8_t kLast = 32;      // outer, and only other such nodes come after it
  static constexpr uint8_t kSettled = 128;  // outer, and more retainers change nothing
  static constexpr uint8_t kSampled = 128;  // not outer: hub_sample.h decides on edges into it
  static constexpr uint8_t kSpecial = 64;   // in the core, with edges that have rules of their own
};

inline bool IsOuterButNotLast(uint8_t mark) {
  return (mark & (NodeMark::kOuter | NodeMark::kLast)) == NodeMark::kOuter;
}

// kSingle and kMany of all nodes, and kSampled of those with `sampled_from` (1…255) retainers.
// Counting edges that turn out not to be essential is safe: it only shortens less.
Array<uint8_t> MarkNodes(const HeapGraph& graph, unsigned threads, uint32_t sampled_from);

// Rule 1 of the essential edges: the value of a WeakMap entry belongs to its key, not its table.
inline bool IsEphemeronOfTable(const HeapGraph& graph, uint32_t from, const RawEdge& edge) {
  if (edge.type() != EdgeType::kInternal) return false;
  const EphemeronName* name =
      graph.strings().ephemeron(StringIndex(edge.label >> RawEdge::kTypeBits));
  return name != nullptr && name->table_id == graph.columns().id[from];
}

// The root's shortcuts are essential all the same.
inline bool IsNeverEssential(const HeapGraph& graph, uint32_t from, const RawEdge& edge) {
  return edge.type() == EdgeType::kWeak || edge.type() == EdgeType::kShortcut ||
         IsEphemeronOfTable(graph, from, edge);
}

}  // namespace leaktrail
