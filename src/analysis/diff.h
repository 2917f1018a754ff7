// DevTools' Comparison view of two snapshots.
//
// Inside one process instances are matched by node id; otherwise (ids are not comparable) only
// counts per class can be compared: added and removed are then the positive and negative part of
// the difference.
#pragma once

#include <cstdint>
#include <vector>

#include "analysis/class_summary.h"
#include "analysis/classes.h"
#include "analysis/sizes.h"

namespace leaktrail {

enum class MatchedBy : uint8_t { kNodeId, kClass };

struct DiffRow {
  ClassKey key;
  uint64_t added_count = 0, removed_count = 0;
  uint64_t added_size = 0, removed_size = 0;
  int64_t count_delta() const { return static_cast<int64_t>(added_count - removed_count); }
  int64_t size_delta() const { return static_cast<int64_t>(added_size - removed_size); }
};

struct SnapshotDiff {
  MatchedBy matched_by = MatchedBy::kNodeId;
  std::vector<DiffRow> rows;  // largest added size first, then name
};

struct DiffSide {
  const HeapGraph& graph;
  const ClassTable& classes;  // of the base: computed with the current snapshot's interfaces
  const ShallowSizes& shallow;
};

// Whether node ids of the two can be joined: no capture note says otherwise, the ids that both have
// stand for like nodes, and enough of the base is found again.
bool NodeIdsComparable(const HeapGraph& base, const HeapGraph& current);

SnapshotDiff ComputeDiff(const DiffSide& base, const DiffSide& current, MatchedBy matched_by);

}  // namespace leaktrail
