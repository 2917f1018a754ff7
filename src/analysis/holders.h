// Who holds the items of a growth group: the chain of visible objects from the owner to the root.
//
//   item ◀─[]─ Array ◀─instances─ (closure) createDebug ◀─exports─ Module ◀─ …
//              chain[0]           chain[1]
//
// The dominator is the owner if there is a telling one. Items that several things hold have the
// root, or something as far up, for a dominator; then every item's shortest way is followed up to
// the first permanent object of another class, and the one that most items reach is the owner.
//
// Cost: a walk up per group; the tally touches each node of the group once. Threads: pure.
#pragma once

#include <cstdint>
#include <vector>

#include "analysis/growth.h"
#include "analysis/root_paths.h"
#include "analysis/source_text.h"
#include "analysis/trail_tree.h"

namespace leaktrail {

// Everything about the last snapshot.
struct LastSnapshot {
  const SnapshotView& view;
  const NodeWays& ways;
  const TrailTree& tree;
  const Growth& growth;
  const RootPaths& paths;
  SourceReader read_source;  // empty: the disk is not asked

  const HeapGraph& graph() const { return *view.graph; }
  NodeRole role(NodeIndex n) const { return static_cast<NodeRole>(ways.role[n.value()]); }
  uint32_t way(NodeIndex n) const { return ways.way[n.value()]; }
  bool permanent(NodeIndex n) const { return growth.group_of[n.value()] == 0; }
};

struct HolderStep {
  NodeIndex node;
  EdgeIndex edge;     // from `node`, or from an inner part of it, towards the step before
  bool many = false;  // one of many: an element, a key, an entry of a table
};

struct HolderChain {
  NodeIndex item;                 // an item, for the way down; None if only the owner grows
  std::vector<HolderStep> steps;  // the owner first, then up; visible nodes only
  uint64_t held_count = 0;        // items that this owner holds, of those looked at
  uint64_t item_count = 0;        // items looked at
};

// The visible node that holds n, over its shortest way; inner parts between are skipped. None at a
// root.
HolderStep VisibleHolder(const LastSnapshot& last, NodeIndex n);

HolderChain FindHolders(const LastSnapshot& last, uint32_t group);

}  // namespace leaktrail
