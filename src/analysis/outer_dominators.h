// Dominators of the nodes that need no walk (core_graph.h): each is dominated immediately by the
// nearest common dominator of its retainers, since there is an order in which all of these come
// before it.
//
// Most of the work is to look at the edges of the core nodes, which needs none of their dominators:
// LookAhead does it on another thread while those are computed, and keeps what leads to outer nodes
// with several retainers for later.
//
// Cost: a look at each edge, with all threads for those from core nodes; a few steps up the tree
// for each one to an outer node with a second retainer, O(log depth) at most. Memory: 1 KiB a
// thread; for LookAhead 4 bytes an outer node and each of those edges, 1 byte a node at most for the
// latter.
// Threads: Complete starts and joins its own.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "analysis/essential_edges.h"
#include "analysis/node_numbers.h"
#include "base/array.h"
#include "heap/graph.h"

namespace leaktrail {

// A dominator tree under construction. Dominators have smaller numbers than what they dominate.
struct NumberedTree {
  static constexpr uint32_t kRoot = NodeNumbers::kRoot;
  static constexpr uint32_t kNone = NodeNumbers::kNone;
  NodeNumbers number;
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

class OuterNodeAdder;

class OuterDominators {
 public:
  // `tree` has the numbers. Core nodes with numbers up to `last_page_number`, and those in `page`,
  // are page objects. Adds kSettled to the marks.
  OuterDominators(const HeapGraph& graph, Array<uint8_t>& marks, uint32_t last_page_number,
                  NumberedTree& tree, NodeSet& page);
  ~OuterDominators();

  // Until all is looked at or `stop` is set. Writes page objects to `page`, nothing to `tree`.
  // Threads: beside whoever computes the core's dominators.
  void LookAhead(const std::atomic<bool>& stop);
  // The core's dominators are known; `highest` dominates all page objects. Completes `tree` and
  // `page`.
  void Complete(uint32_t highest, unsigned threads);

  uint32_t orphan_count() const;  // DominatorTree has the words
  uint32_t cyclic_count() const;

 private:
  std::unique_ptr<OuterNodeAdder> adder_;
};

}  // namespace leaktrail
