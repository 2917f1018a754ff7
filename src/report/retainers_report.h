// Who holds a node: the shortest paths from the root to it. JSON schema leaktrail.retainers/1.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "report/node_line.h"

namespace leaktrail {

struct RetainerStep {
  std::optional<std::string> edge;  // into the node; none for the root
  std::optional<std::string> edge_type;
  NodeLine node;
};

struct HolderLine {  // one edge into the node
  std::string edge, edge_type;
  NodeLine from;
};

struct RetainersReport {
  SnapshotInfo snapshot;
  NodeLine node;
  // How many nodes the class has, if a class was asked for: `node` is the one that retains most.
  std::optional<uint64_t> instance_count;
  std::vector<std::vector<RetainerStep>> paths;  // from the root, shortest first
  uint64_t holder_count = 0;
  std::vector<HolderLine> holders;  // nearest to the root first; may be cut
  ReportNotes notes;
};

std::string RetainersText(const RetainersReport& report, const TextOptions& options);
void WriteRetainersJson(const RetainersReport& report, JsonWriter* json);

}  // namespace leaktrail
