// What keeps most memory alive: the top of the dominator tree, or of one node's part of it.
// JSON schema leaktrail.dominators/1.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "report/node_line.h"

namespace leaktrail {

struct DominatorBranch {
  NodeLine node;
  uint64_t child_count = 0;  // nodes that it immediately dominates
  // The largest of them, if this deep is shown, and the sum of what the others retain.
  std::vector<DominatorBranch> children;
  ListRest rest;
};

struct DominatorsReport {
  SnapshotInfo snapshot;
  uint64_t total_size = 0;
  DominatorBranch top;  // of the root, or of the node asked for
  ReportNotes notes;
};

std::string DominatorsText(const DominatorsReport& report, const TextOptions& options);
void WriteDominatorsJson(const DominatorsReport& report, JsonWriter* json);

}  // namespace leaktrail
