// What grows between snapshots, and below which owner.
//
// Inside one process (node ids join):
//
//   permanent: alive in every snapshot          ┐  the lowest permanent node above a new one is
//   new:       born after the first one         ┘  its owner
//
//   root ─▶ … ─▶ Map (permanent) ─[]▶ Quote (new) ─lines▶ Array (new)
//                 owner               item          part of the item
//
// The visible nodes that are not permanent fall into groups by the way to their owner. A group
// knows for each snapshot how many it has, how many of those are fresh, and how many of those last
// until the end: what is born in every step and never dies is a leak, what is born and dies is
// turnover, however large. Owners whose own bytes grow (a string that is appended to, numbers in an
// array) are groups without items.
//
// Between processes there are no ids: a way whose count grows from snapshot to snapshot below one
// that does not is taken for an item, and nothing is known about turnover.
//
// Cost: a few passes over the nodes of each snapshot. Threads: pure functions.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "analysis/findings.h"
#include "analysis/life_spans.h"
#include "analysis/trail_tree.h"

namespace leaktrail {

struct GroupPart {  // one way of the group's new nodes in the last snapshot
  uint32_t way = 0;
  uint64_t count = 0;
  uint64_t bytes = 0;
  uint32_t example = 0;  // a node of the last snapshot: the first in walking order
};

struct GrowthGroup {
  uint32_t owner_way = 0;  // the lowest permanent way
  bool by_owner = false;   // all elements of one owner; else one named edge of it
  uint32_t item_way = 0;   // of the items with most bytes; owner_way if there are none
  // Per snapshot.
  std::vector<uint64_t> nodes;        // visible nodes that are not permanent
  std::vector<uint64_t> bytes;        // theirs, and what the owner itself holds
  std::vector<uint64_t> owner_bytes;  // of that: the permanent owner's own
  std::vector<uint64_t> items;        // nodes right below the owner
  // Per snapshot k ≥ 1: born between k−1 and k.
  std::vector<uint64_t> fresh;          // alive at k
  std::vector<uint64_t> lasting;        // of those, alive in the last snapshot
  std::vector<uint64_t> lasting_bytes;  // theirs, in the last snapshot
  std::vector<GroupPart> parts;         // most bytes first
  uint32_t owner_example = 0;           // a node of the last snapshot with owner_way

  uint64_t grown_bytes() const;  // lasting, and the owner's own growth
  uint64_t grown_count() const;  // lasting
  // How many units came: items, or the links of a chain.
  uint64_t unit_count() const;
};

struct Growth {
  MatchedBy matched_by = MatchedBy::kNodeId;
  std::vector<GrowthGroup> groups;  // in order of discovery
  // By way and snapshot.
  std::vector<WayCounts> counts;
  // Of the last snapshot, by node: 1 + position in `groups`; 0 for permanent nodes.
  Array<uint32_t> group_of;
};

// `views` and `ways` in the order in which they were taken. Of a single snapshot the groups are
// what is there in large numbers below one owner: a hint, since nothing tells whether it grows.
Growth ComputeGrowth(std::span<const SnapshotView> views, std::span<const NodeWays> ways,
                     const TrailTree& tree, MatchedBy matched_by);

struct ShapeJudgement {
  GrowthShape shape = GrowthShape::kStopped;
  double confidence = 0;  // that it is a leak
  bool by_bytes = false;  // judged by bytes, not by number
};
// Of two snapshots or more.
ShapeJudgement JudgeShape(const GrowthGroup& group, MatchedBy matched_by);

}  // namespace leaktrail
