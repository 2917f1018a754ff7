// The part of a heap graph that has to be walked for dominators, laid out for the walk.
//
//   outer node: each of its edges is weak or leads to a replaced node, to itself or to another
//               outer node. Strings, numbers, arrays of them, objects of such fields: half a heap.
//   core node:  all others; those that lead to a cycle, above all.
//
// No edge that counts leads from an outer node to one in the core, so outer nodes change nothing
// there; and they have an order in which retainers come first: those of core nodes, then the
// outer nodes ascending, those marked kLast after all others.
//
// A core node is a record of 32-bit words; the walk finds in one place all that it needs:
//
//   ┌ header: kUnvisited + flags, later the preorder number of the node
//   │ edge: record that it leads to │ … │ last edge, with kLastEdge │
//
// Edges to outer and replaced nodes, to the node itself, those that are not essential whatever the
// page objects are, and those that hub_sample.h leaves out are not in it. A node without any edge
// has one to the root, which says nothing.
//
// Cost: a pass over the edges from the last to the first, and one over what is kept. Memory: 4
// bytes a node while it is built; after that 3 bits a node, 8 bytes a core node, 4 a kept edge.
// Failure: std::bad_alloc, also for more than 2^31 words. Threads: its own, for the second pass.
#pragma once

#include <cstdint>
#include <vector>

#include "analysis/hub_sample.h"
#include "base/array.h"
#include "base/ranked_bits.h"
#include "heap/graph.h"

namespace leaktrail {

struct CoreGraph {
  static constexpr uint32_t kLastEdge = 0x80000000u;
  static constexpr uint32_t kUnvisited = 0x80000000u;
  static constexpr uint32_t kSingleFlag = 1;  // as the marks of node_marks.h; also if replaced
  static constexpr uint32_t kManyFlag = 2;
  static constexpr uint32_t kPageOnlyFlag = 4;  // set by the walk
  static constexpr uint32_t kRootRecord = 0;

  // Where the record of a core node is.
  uint32_t record(uint32_t node) const { return record_of[core.Rank(node)]; }

  RankedBits core;
  Array<uint32_t> record_of;  // by rank among the core nodes, the root being the first
  Array<uint32_t> words;
  uint32_t core_count = 0;        // with the root
  RankedBits last;                // nodes marked kLast
  std::vector<uint32_t> special;  // core nodes with edges to the root, shortcuts, WeakMap tables'
  HubSample sample;               // sealed: which edges were left out
};

// Adds kOuter and kLast to the marks. Of nodes marked kReplaced or kKept and of the root none
// becomes an outer node. Of those marked kSampled the replaced, the kept, the last and the `exempt`
// ones, which are given in ascending order, lose that mark; the others stay in the core.
CoreGraph BuildCoreGraph(const HeapGraph& graph, Array<uint8_t>& marks, unsigned threads,
                         const HubSampleRule& rule, const std::vector<uint32_t>& exempt);

}  // namespace leaktrail
