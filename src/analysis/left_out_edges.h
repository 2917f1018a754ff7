// What proves that the edges which hub_sample.h leaves out change no dominator, and mends the tree
// where one does.
//
// If T is the dominator tree of a graph that lacks an edge u → h, and idom(h) is an ancestor of u in
// T or u itself, T is the dominator tree with that edge too: the "parent property" of L. Georgiadis,
// R. E. Tarjan: "Dominator Tree Certification and Divergent Spanning Trees" (ACM Transactions on
// Algorithms, 2015). Check looks at every such edge.
//
// An edge for which it does not hold is added by depth-based search (L. Georgiadis, G. F. Italiano,
// L. Laura, F. Santaroni: "An Experimental Study of Dynamic Dominators", ESA 2012). Let z be the
// nearest common dominator of u and h. A node v gets z for its dominator if its own is deeper than z
// and a path leads from h to v on which no node is less deep than v.
//
// Failure: std::bad_alloc.
#pragma once

#include <cstdint>
#include <mutex>
#include <span>
#include <vector>

#include "analysis/essential_edges.h"
#include "analysis/hub_sample.h"
#include "analysis/outer_dominators.h"
#include "base/array.h"
#include "heap/graph.h"

namespace leaktrail {

class LeftOutEdges {
 public:
  // A hub into which an edge was left out wrongly, and the first and the last node in the order of
  // places that such an edge comes from: what dominates both dominates all of them.
  struct WrongHub {
    uint32_t hub = 0;
    uint32_t first_place = 0, first_from = 0;
    uint32_t last_place = 0, last_from = 0;
    bool page_object = false;  // and the edge would have made a page object of the hub
  };
  // The places of what a hub's dominator dominates, itself included.
  struct Subtree {
    uint32_t first = 0, end = 0;
  };

  // By hub: `late`, whether it was not known for a page object when the walk had seen all of them,
  // and what its dominator dominates.
  LeftOutEdges(const HubSample& sample, const std::vector<bool>& late, const NodeSet& page,
               std::vector<Subtree> subtrees);

  // Looks at an edge from a node that the root reaches to a hub. Any number of threads.
  void Check(uint32_t node, uint32_t place, size_t hub) {
    const bool dominated = place >= subtrees_[hub].first && place < subtrees_[hub].end;
    if (!dominated || late_[hub]) CheckClosely(node, place, hub, dominated);
  }
  // In the order of the hubs.
  std::vector<WrongHub> Wrong();

 private:
  void CheckClosely(uint32_t node, uint32_t place, size_t hub, bool dominated);

  const HubSample& sample_;
  const std::vector<bool>& late_;
  const NodeSet& page_;
  std::vector<Subtree> subtrees_;
  std::mutex mutex_;
  std::vector<WrongHub> wrong_;  // by hub; hub is 0 if it is not wrong
};

// Adds the edges from first_from and last_from to each hub to the tree, whose dominators are known.
// `depth` is room for one more number than the highest one, `numbered`.
// Cost: a look at every number for each hub, and the edges of what the search meets.
void AddEdgesToHubs(const HeapGraph& graph, const NodeSet& page,
                    std::span<const LeftOutEdges::WrongHub> hubs, uint32_t numbered,
                    Array<uint32_t>& depth, NumberedTree& tree);

}  // namespace leaktrail
