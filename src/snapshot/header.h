// The `snapshot` object at the head of a file: what the numbers that follow mean.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostic.h"
#include "base/result.h"
#include "heap/graph.h"

namespace leaktrail {

inline constexpr uint32_t kNoField = 0xFFFFFFFFu;

struct SnapshotHeader {
  // Nodes: numbers per node and which of them is what; kNoField for what is missing.
  uint32_t node_fields = 0;
  uint32_t type_at = kNoField, name_at = kNoField, id_at = kNoField, self_size_at = kNoField,
           edge_count_at = kNoField, detachedness_at = kNoField;
  std::vector<NodeType> node_types;          // by the file's number
  std::vector<std::string> node_type_names;  // as the file has them
  uint32_t edge_fields = 0;
  uint32_t edge_type_at = kNoField, edge_name_at = kNoField, to_node_at = kNoField;
  std::vector<EdgeType> edge_types;
  uint32_t location_fields = 0;
  uint32_t object_index_at = kNoField, script_id_at = kNoField, line_at = kNoField,
           column_at = kNoField;
  uint64_t node_count = 0;
  uint64_t edge_count = 0;
  uint64_t extra_native_bytes = 0;
  std::optional<CaptureNote> note;
  Diagnostics diagnostics;
};

// `text` is the object, braces included; `offset` is where it begins in the input. A larger object
// than kMaxHeaderBytes is refused by the reader before it gets here.
inline constexpr size_t kMaxHeaderBytes = size_t{1} << 22;
Result<SnapshotHeader> ParseHeader(std::string_view text, uint64_t offset);

}  // namespace leaktrail
