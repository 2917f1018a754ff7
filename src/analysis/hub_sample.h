// Edges into hubs that are left out of the walk for dominators, on trial.
//
// Of 100,000 objects that lead to one map a few tell where its dominator is. The others lead to a
// cycle only through it, and without their edge are no core nodes (core_graph.h). So of the edges
// into each node of very many retainers, if it is not replaced, a sample is laid out: the first
// ones, those of the oldest nodes, the first of each name (a map is held otherwise by its constructor
// than by its instances), and every 64th of the rest. left_out_edges.h looks at the others later.
//
// Cost: a look into a small hash table for an edge to such a hub. Memory: a bit a node, 2 bytes an
// edge that is left out. Threads: Keep from one at a time; frozen after Seal. Failure: std::bad_alloc.
#pragma once

#include <cstdint>
#include <vector>

#include "analysis/essential_edges.h"
#include "base/growing_array.h"
#include "heap/graph.h"

namespace leaktrail {

struct HubSampleRule {
  uint32_t many_retainers = 255;  // what makes a hub; 1…255
  uint32_t first_edges = 1024;
  uint32_t one_of = 64;
  uint32_t old_nodes = 16;  // the first sixteenth of the heap's nodes
};

class HubSample {
 public:
  static constexpr uint32_t kNodeBlock = 1u << 16;
  static constexpr size_t kMostHubs = 1u << 15;

  HubSample() = default;
  // At most kMostHubs hubs.
  HubSample(const HeapGraph& graph, std::vector<uint32_t> hubs, const HubSampleRule& rule);

  // Whether an edge to a hub is laid out. Edges come by the nodes they come from, in descending order.
  bool Keep(uint32_t from, const RawEdge& edge);
  // After the last Keep: forgets how the sample was taken.
  void Seal();

  const std::vector<uint32_t>& hubs() const { return hubs_; }
  // Whether an edge to the hub with this index was left out. Only after Seal.
  bool lacks_edges(size_t hub) const { return lacks_edges_[hub]; }

  // Calls visit(hub's index) for the edges of nodes that were left out: of nodes in ascending order,
  // all of which are in the block that begins at `first`, a multiple of kNodeBlock.
  class Reader {
   public:
    Reader(const HubSample& sample, uint32_t first)
        : sample_(sample), at_(sample.EndOfBlock(first / kNodeBlock)) {}
    template <typename Visit>
    void ForEachOf(uint32_t node, const Visit& visit) {
      if (!sample_.lacking_.allocated() || !sample_.lacking_.contains(NodeIndex(node))) return;
      for (bool first = false; !first;) {
        const uint16_t entry = sample_.left_out_[--at_];
        first = (entry & kFirstOfNode) != 0;
        visit(size_t{entry} & ~size_t{kFirstOfNode});
      }
    }

   private:
    const HubSample& sample_;
    size_t at_;
  };

 private:
  struct Slot {
    uint32_t node = 0;  // 0: free, since the root is no hub
    uint32_t hub = 0;
  };
  struct State {
    uint64_t names = 0;  // a bit for each name that was met, by hash
    uint32_t met = 0;    // edges
    uint32_t next = 0;   // the next that is laid out because it is one of so many
  };
  static constexpr uint16_t kFirstOfNode = 0x8000;

  size_t SlotOf(uint32_t node) const {
    return (node * uint64_t{0x9E3779B97F4A7C15u} >> 32) & (slots_.size() - 1);
  }
  size_t EndOfBlock(size_t block) const {
    return block < end_of_block_.size() ? end_of_block_[block] : 0;
  }

  HubSampleRule rule_;
  uint32_t old_nodes_ = 0;
  std::vector<uint32_t> hubs_;
  std::vector<Slot> slots_;  // as many as a power of two
  std::vector<State> states_;
  std::vector<bool> lacks_edges_;
  NodeSet lacking_;                   // nodes of which an edge was left out
  GrowingArray<uint16_t> left_out_;   // the hubs they lead to
  std::vector<size_t> end_of_block_;  // in left_out_, by node block
};

}  // namespace leaktrail
