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
  // From the root, shortest first. If a class was asked for: one example of each way in which its
  // nodes are held, most nodes first, and `node` is the first example.
  std::vector<std::vector<RetainerStep>> paths;
  struct OfClass {
    uint64_t instance_count = 0;
    uint64_t unreached_count = 0;          // held by weak edges only
    uint64_t way_count = 0;                // may be more than are shown
    std::vector<uint64_t> path_instances;  // by path: how many are held this way
  };
  std::optional<OfClass> of_class;
  uint64_t holder_count = 0;
  std::vector<HolderLine> holders;  // nearest to the root first; may be cut
  ReportNotes notes;
};

std::string RetainersText(const RetainersReport& report, const TextOptions& options);
void WriteRetainersJson(const RetainersReport& report, JsonWriter* json);

}  // namespace leaktrail
