// The dominator tree over essential edges.
//
// A node d dominates n if every path from the root to n passes d; the immediate dominator is the
// closest such node. Freeing n frees exactly what n dominates.
//
//   r→a, r→d, a→b, a→c, d→e, e→b, b→c:   idom(c) = r, since c is reached by a→c and by d→e→b→c.
//
// Nodes that the root does not reach are treated as DevTools does: one without any essential
// retainer becomes a child of the root and its edges count; the members of an unreachable cycle,
// and what only they reach, are children of the root and their edges do not count.
//
// Cost: three passes over the edges in their order and a depth-first walk over what they leave,
// about half of a heap; then nearly linear (dominators.cc tells the algorithm). Working memory about
// 18 bytes a node and what the candidates take, of which 8 a node are the result. Runs again if
// something that was taken for granted turns out to be wrong: another child of the root is no page
// object, an unreachable page object leads to what only the global object seemed to hold, or an edge
// that was left out on trial (hub_sample.h) was needed and cannot be added later.
// Threads: with more than one it starts and joins its own, hardly ever more than two at a time.
#pragma once

#include <cstdint>

#include "analysis/essential_edges.h"
#include "analysis/hub_sample.h"
#include "base/array.h"
#include "heap/graph.h"

namespace leaktrail {

struct DominatorTree {
  // A preorder of the tree: a node's place comes right before those of its subtree, which ends
  // before place subtree_end[place]. The root is at place 0.
  Array<uint32_t> order;        // place → node
  Array<uint32_t> subtree_end;  // by place
  Array<uint32_t> idom;         // by node; the root's is the root. See ComputeDominatorOrder.
  NodeSet page_objects;
  uint32_t orphan_count = 0;  // unreachable, without essential retainer
  uint32_t cyclic_count = 0;  // unreachable cycles and what only they reach

  NodeIndex parent(NodeIndex n) const { return NodeIndex(idom[n.value()]); }
};

// What MarkNodes (node_marks.h) says of the graph. A pass of its own, since nothing else keeps all
// threads busy: whoever has other work to do beside the dominators does this before it.
Array<uint8_t> MarkNodesForDominators(const HeapGraph& graph, unsigned threads,
                                      const HubSampleRule& sample = {});

// `sample` tells which edges are tried without (hub_sample.h); the result does not depend on it.
DominatorTree ComputeDominators(const HeapGraph& graph, unsigned threads = 1,
                                const HubSampleRule& sample = {});
// Leaves idom empty: a class summary does not need it. `marks` are MarkNodesForDominators'.
DominatorTree ComputeDominatorOrder(const HeapGraph& graph, unsigned threads, Array<uint8_t> marks,
                                    const HubSampleRule& sample = {});
void FillImmediateDominators(DominatorTree& tree);

}  // namespace leaktrail
