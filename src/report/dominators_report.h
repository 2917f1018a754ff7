// What keeps most memory alive: the top of the dominator tree, or of one node's part of it.
// JSON schema leaktrail.dominators/1.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "report/node_line.h"

namespace leaktrail {

// Nodes of one class that are not shown one by one.
struct DominatorGroup {
  std::string class_name;
  CodePlace place;  // of the constructor
  uint64_t count = 0;
  uint64_t retained_size = 0;
};

struct DominatorBranch {
  NodeLine node;
  uint64_t child_count = 0;  // nodes that it immediately dominates
  // The largest of them, if this deep is shown; of the others the largest classes; and the sum of
  // what is left then.
  std::vector<DominatorBranch> children;
  std::vector<DominatorGroup> groups;
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
