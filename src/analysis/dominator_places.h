// From the dominators by number (outer_dominators.h) to the places of DominatorTree, by way of the
// edges that were left out on trial (left_out_edges.h), which are looked at as places become known.
//
// Cost: two sweeps over the numbers and one, by all threads, over the nodes; once more for each round
// in which edges had to be added. Memory: 4 bytes a node beside the result.
// Threads: starts and joins its own. Failure: std::bad_alloc.
#pragma once

#include <cstdint>
#include <vector>

#include "analysis/dominators.h"
#include "analysis/essential_edges.h"
#include "analysis/hub_sample.h"
#include "analysis/left_out_edges.h"
#include "analysis/outer_dominators.h"
#include "base/array.h"
#include "heap/graph.h"

namespace leaktrail {

class DominatorPlaces {
 public:
  // Numbers go up to `numbered`; nodes without one are children of the root whose edges do not count.
  // `late` as LeftOutEdges has it.
  DominatorPlaces(const HeapGraph& graph, const HubSample& sample, const std::vector<bool>& late,
                  const NodeSet& page, NumberedTree& tree, uint32_t numbered, unsigned threads);

  // Fills in the order and the ends of subtrees. Edges that were left out and change them are added,
  // if they are `mendable`: there must be no outer nodes whose edges do not count. Returns the hubs
  // that lack edges which cannot be added; then there is no tree.
  std::vector<uint32_t> Fill(DominatorTree& result, bool mendable);

 private:
  void ComputePlaces();
  void RestoreDominators(const DominatorTree& result);
  std::vector<LeftOutEdges::WrongHub> Order(DominatorTree& result);
  void FillSubtreeEnds(DominatorTree& result) const;

  const HeapGraph& graph_;
  const HubSample& sample_;
  const std::vector<bool>& late_;
  const NodeSet& page_;
  NumberedTree& tree_;
  const uint32_t numbered_;
  const uint32_t node_count_;
  const unsigned threads_;
  Array<uint32_t> end_;  // by number: the place after the subtree
};

}  // namespace leaktrail
