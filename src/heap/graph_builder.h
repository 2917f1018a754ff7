// Builds a HeapGraph node by node: for tests and for small graphs made in memory. Files are read by
// snapshot/, which fills the columns in parallel.
//
//   GraphBuilder b;
//   auto root = b.AddNode(NodeType::kSynthetic, "", 1, 0);
//   auto a = b.AddNode(NodeType::kObject, "A", 3, 16);
//   b.AddEdge(root, EdgeType::kElement, 1, a);
//   HeapGraph g = b.Build();
//
// Nodes get their index in the order they are added; edges may be added in any order and keep their
// order within a node.
#pragma once

#include <string_view>

#include "heap/graph.h"

namespace leaktrail {

class GraphBuilder {
 public:
  GraphBuilder();
  NodeIndex AddNode(NodeType type, std::string_view name, uint32_t id, uint64_t self_size,
                    Detachedness detachedness = Detachedness::kUnknown);
  void AddEdge(NodeIndex from, EdgeType type, std::string_view name, NodeIndex to);
  void AddEdge(NodeIndex from, EdgeType type, uint32_t index, NodeIndex to);
  void AddLocation(NodeIndex node, uint32_t script_id, uint32_t line, uint32_t column);
  void set_extra_native_bytes(uint64_t bytes) { extra_native_bytes_ = bytes; }
  void set_note(CaptureNote note) { note_ = std::move(note); }
  HeapGraph Build();

 private:
  struct NodeRow {
    NodeType type;
    uint32_t name, id;
    uint64_t self_size;
    Detachedness detachedness;
  };
  struct EdgeRow {
    uint32_t from;
    EdgeType type;
    uint32_t label, to;
  };
  uint32_t Intern(std::string_view text);
  std::vector<NodeRow> nodes_;
  std::vector<EdgeRow> edges_;
  std::vector<Location> locations_;
  std::vector<std::string> strings_;
  std::unordered_map<std::string, uint32_t> string_index_;
  uint64_t extra_native_bytes_ = 0;
  std::optional<CaptureNote> note_;
};

// Escapes for the inside of a JSON string (without the quotes).
std::string EscapeJson(std::string_view utf8);

}  // namespace leaktrail
