// Edges into hubs that are left out of the walk for dominators, on trial.
//
// Of 100,000 objects that lead to one map a few tell where its dominator is. The others lead to a
// cycle only through it, and without their edge are no core nodes (core_graph.h). So of the edges
// into each node of very many retainers, if it is not replaced, a sample is laid out: the first
// ones, those of the oldest nodes, the first of each name (a map is held otherwise by its constructor
// than by its instances), and every 64th of the rest. left_out_edges.h looks at the others later.
//
// Cost: a look into a small hash table for an edge to such a hub. Memory: 32 bytes a hub and a bit a
// node. Threads: Keep from one at a time; frozen after Seal. Failure: std::bad_alloc.
#pragma once

#include <cstdint>
#include <vector>

#include "analysis/essential_edges.h"
#include "base/array.h"
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
  static constexpr uint32_t kNoHub = 0xFFFFFFFFu;

  HubSample() = default;
  HubSample(const HeapGraph& graph, std::vector<uint32_t> hubs, const HubSampleRule& rule);

  // Whether an edge to a hub is laid out. If not, the node that it comes from is noted.
  bool Keep(uint32_t from, const RawEdge& edge);
  // Forgets the hubs of which all edges were kept.
  void Seal();

  const std::vector<uint32_t>& hubs() const { return hubs_; }
  // The index among the hubs of a node, or kNoHub.
  uint32_t Find(uint32_t node) const {
    for (size_t at = SlotOf(node);; at = (at + 1) & (slots_.size() - 1)) {
      if (slots_[at].node == 0) return kNoHub;  // first, for the root is not in it
      if (slots_[at].node == node) return slots_[at].hub;
    }
  }
  // Whether an edge of the node was left out. Only if there are hubs.
  bool lacks(uint32_t node) const { return lacking_.contains(NodeIndex(node)); }

 private:
  struct Slot {
    uint32_t node = 0;  // 0: free, since the root is no hub
    uint32_t hub = 0;
  };
  struct State {
    uint64_t names = 0;  // a bit for each name that was met, by hash
    uint32_t met = 0;    // edges
    bool left_out = false;
  };
  size_t SlotOf(uint32_t node) const {
    return (node * uint64_t{0x9E3779B97F4A7C15u} >> 32) & (slots_.size() - 1);
  }
  void FillSlots();

  HubSampleRule rule_;
  uint32_t old_nodes_ = 0;
  std::vector<uint32_t> hubs_;
  std::vector<Slot> slots_;  // as many as a power of two
  std::vector<State> states_;
  NodeSet lacking_;
};

}  // namespace leaktrail
