// Dominators of the nodes that need no walk (core_graph.h): each is dominated immediately by the
// nearest common dominator of its retainers, since there is an order in which all of these come
// before it.
//
// Cost: a look at each edge, with all threads for those from core nodes; a few steps up the tree
// for each one to an outer node with a second retainer, O(log depth) at most. Memory: 1 KiB a
// thread. Threads: starts and joins its own.
#pragma once

#include <cstdint>
#include <mutex>
#include <vector>

#include "analysis/essential_edges.h"
#include "base/array.h"
#include "heap/graph.h"

namespace leaktrail {

// A dominator tree under construction. Nodes have numbers from 1, the root's, in an order in which
// dominators come before what they dominate.
struct NumberedTree {
  static constexpr uint32_t kRoot = 1;
  static constexpr uint32_t kNone = 0xFFFFFFFFu;
  Array<uint32_t> number;     // by node; kNone for unreachable cycles
  Array<uint32_t> dominator;  // by number, the root's is itself; 0: not known yet
};

// Nearest common dominators in the part of a tree that is known. Most pairs meet after a few steps.
// For the others jump pointers are made: ancestors so far up that any is found in O(log depth)
// (E. Myers: "An applicative random-access stack", 1983). Memory: 8 bytes a node once there is one.
class CommonDominators {
 public:
  explicit CommonDominators(const NumberedTree& tree) : tree_(tree) {}
  uint32_t Find(uint32_t a, uint32_t b);  // any number of threads

 private:
  struct Jump {
    uint32_t to;     // 0: none yet
    uint32_t depth;  // only where there is one. The root's is 0
  };
  void MakeJumpsTo(uint32_t w);
  const NumberedTree& tree_;
  Array<Jump> jump_;  // by number
  std::mutex jumps_mutex_;
  std::vector<uint32_t> path_;
};

struct OuterNodes {
  uint32_t orphan_count = 0, cyclic_count = 0;  // DominatorTree has the words
};

// The core's part of `tree` is complete and its page objects are in `page`; both are completed.
// `highest` dominates all page objects. Adds kSettled to the marks.
OuterNodes AddOuterNodes(const HeapGraph& graph, Array<uint8_t>& marks, uint32_t highest,
                         unsigned threads, NumberedTree& tree, NodeSet& page);

}  // namespace leaktrail
