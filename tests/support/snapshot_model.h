// A heap snapshot as plain rows that a test can make, change and write.
//
//            ParseGraphDsl                 BuildGraph
//   text ──────────────────▶ SnapshotModel ──────────▶ HeapGraph ──DescribeGraph──▶ text
//                              │        ▲
//             WriteSnapshot    ▼        │ RandomSnapshot
//                        .heapsnapshot  seed
//
// The rows may lie (a target that is not there, a wrong count) as far as WriteSnapshot goes;
// BuildGraph needs a sound model.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "heap/graph.h"

namespace leaktrail::testing {

struct ModelNode {
  std::string label;  // what the DSL calls it
  std::string type = "object";
  std::string name;
  uint64_t id = 0;
  uint64_t self_size = 0;
  uint32_t detachedness = 0;
};

struct ModelEdge {
  uint32_t from = 0;
  std::string type = "property";
  std::string name;    // if the type is named by string
  uint32_t index = 0;  // otherwise
  uint32_t to = 0;
};

struct ModelLocation {
  uint32_t node = 0, script_id = 0, line = 0, column = 0;
};

struct SnapshotModel {
  std::vector<ModelNode> nodes;  // the root first
  std::vector<ModelEdge> edges;  // in any order; kept within a node
  std::vector<ModelLocation> locations;
  uint64_t extra_native_bytes = 0;

  uint32_t node(std::string_view label) const;  // throws std::invalid_argument
};

// How the releases of Node lay a file out; docs/format.md.
enum class SnapshotLayout { kNode10, kNode20, kNode24 };
inline constexpr SnapshotLayout kAllLayouts[] = {SnapshotLayout::kNode10, SnapshotLayout::kNode20,
                                                 SnapshotLayout::kNode24};
const char* LayoutName(SnapshotLayout layout);

// Detachedness and extra_native_bytes are left out where the layout has no place for them.
std::string WriteSnapshot(const SnapshotModel& model, SnapshotLayout layout);

HeapGraph BuildGraph(const SnapshotModel& model);

// Everything a graph says, a line for each node and edge: equal texts are equal graphs.
std::string DescribeGraph(const HeapGraph& graph);

}  // namespace leaktrail::testing
