// The heap graph of one snapshot: nodes, directed edges, strings, locations.
//
//        edges_of(n) = [first_edge(n), first_edge(n+1))      all edges in node order
//   node 0 (root) ──▶ … ──▶ n ──edge e: type, name or index──▶ target(e)
//
// Structure of arrays with 32-bit ordinals: 15 bytes a node and 8 bytes an edge. Rare values that
// do not fit (self sizes of 64 KiB and more, element indices of 2^29 and more) stand aside.
//
// Every ordinal stored in a graph is in range: targets are below node_count(), the edge ranges of
// the nodes cover [0, edge_count()) in order. Only name indices may be outside the string table,
// which then gives "". The self sizes add up to at most kMaxHeapBytes, and extra_native_bytes is no
// more than that, so no sum of sizes overflows. Whoever builds a graph (snapshot/, GraphBuilder)
// keeps to that, so analyses do not check again.
//
// Cost: accessors are O(1) unless their name says otherwise.
// Threads: frozen after it is built; any number of readers.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/array.h"
#include "base/diagnostic.h"
#include "base/growing_array.h"
#include "heap/string_table.h"
#include "heap/types.h"

namespace leaktrail {

// Where a function, or the constructor of an object, stands in its script. 0-based, as V8 has it.
struct Location {
  NodeIndex node;
  uint32_t script_id = 0;
  uint32_t line = 0;
  uint32_t column = 0;
};

// How Leaktrail took the snapshot, if it did: a note in the `snapshot` object. Absent otherwise.
struct CaptureNote {
  std::string method;  // "fork", "inspector", …
  std::string process;
  std::string time;
  bool node_ids_comparable = true;
  bool redacted = false;  // texts are placeholders
};

// Target and label side by side: walks over the graph jump from node to node and find all that
// they need of a node's edges in one or two cache lines.
struct RawEdge {
  uint32_t target;
  uint32_t label;  // EdgeType in the low 3 bits, name or index above; see kLabelOverflow

  static constexpr uint32_t kTypeBits = 3;
  EdgeType type() const { return static_cast<EdgeType>(label & ((1u << kTypeBits) - 1)); }
};

// What a number of JavaScript, and so a reader of our JSON, can count: 8 PiB.
inline constexpr uint64_t kMaxHeapBytes = (uint64_t{1} << 53) - 1;

// The self size of a node that has no room in two bytes: few have 64 KiB and more.
struct LargeSize {
  static constexpr uint16_t kMark = 0xFFFF;
  uint32_t node;
  uint64_t bytes;
};
// Brings sizes that were added in any order into the graph's. Of a node's entries the last counts.
void SortLargeSizes(GrowingArray<LargeSize>& sizes);
// Of a node that kMark stands for. O(log size).
uint64_t FindLargeSize(const GrowingArray<LargeSize>& sizes, uint32_t node);

struct GraphColumns {
  // Per node.
  Array<uint8_t> type;          // NodeType, or kOther with the file's own in other_type
  Array<uint32_t> name;         // StringIndex
  Array<uint32_t> id;           // modulo 2^32, as DevTools has it
  Array<uint16_t> self_size;    // LargeSize::kMark: the size is in large_self_size
  Array<uint32_t> first_edge;   // node_count + 1 entries
  Array<uint8_t> detachedness;  // empty if all are 0
  Array<RawEdge> edge;
  // Aside.
  GrowingArray<LargeSize> large_self_size;               // sorted by node, one a node
  std::unordered_map<uint32_t, uint32_t> large_label;    // by edge
  std::unordered_map<uint32_t, std::string> other_type;  // by node: the type's name in the file
};

class HeapGraph {
 public:
  static constexpr uint32_t kLabelBits = RawEdge::kTypeBits;
  static constexpr uint32_t kLabelOverflow = 0xFFFFFFFFu >> kLabelBits;

  struct Parts {
    GraphColumns columns;
    StringTable strings;
    Array<Location> locations;  // sorted by node, one per node
    uint64_t extra_native_bytes = 0;
    std::optional<CaptureNote> note;
    bool has_detachedness_field = false;
    Diagnostics diagnostics;
  };
  explicit HeapGraph(Parts parts);

  uint32_t node_count() const { return static_cast<uint32_t>(c_.type.size()); }
  uint32_t edge_count() const { return static_cast<uint32_t>(c_.edge.size()); }
  NodeIndex root() const { return NodeIndex(0); }
  IndexRange<NodeIndex> nodes() const { return {0, node_count()}; }

  NodeType type(NodeIndex n) const { return static_cast<NodeType>(c_.type[n.value()]); }
  // The type's name in the file; NodeTypeName for all known ones. O(1).
  std::string type_name(NodeIndex n) const;
  StringIndex name(NodeIndex n) const { return StringIndex(c_.name[n.value()]); }
  uint32_t id(NodeIndex n) const { return c_.id[n.value()]; }
  // The bytes of the node itself, as in the file.
  uint64_t self_size(NodeIndex n) const {
    const uint16_t v = c_.self_size[n.value()];
    return v == LargeSize::kMark ? FindLargeSize(c_.large_self_size, n.value()) : v;
  }
  Detachedness detachedness(NodeIndex n) const {
    return c_.detachedness.empty() ? Detachedness::kUnknown
                                   : static_cast<Detachedness>(c_.detachedness[n.value()]);
  }

  IndexRange<EdgeIndex> edges_of(NodeIndex n) const {
    return {c_.first_edge[n.value()], c_.first_edge[n.value() + 1]};
  }
  NodeIndex target(EdgeIndex e) const { return NodeIndex(c_.edge[e.value()].target); }
  EdgeType edge_type(EdgeIndex e) const { return c_.edge[e.value()].type(); }
  // A StringIndex or an element's index, by the edge's type.
  uint32_t edge_label(EdgeIndex e) const {
    const uint32_t v = c_.edge[e.value()].label >> kLabelBits;
    return v == kLabelOverflow ? c_.large_label.at(e.value()) : v;
  }
  StringIndex edge_name(EdgeIndex e) const {  // only for edges that are named by string
    return StringIndex(edge_label(e));
  }
  // The node that edge e comes from. O(log nodes).
  NodeIndex FindSource(EdgeIndex e) const;

  const StringTable& strings() const { return strings_; }
  // Text for people, read from the string table: about a microsecond.
  std::string NodeName(NodeIndex n) const { return strings_.Get(name(n)); }
  std::string EdgeName(EdgeIndex e) const;
  bool NameIs(NodeIndex n, WellKnown k) const { return strings_.Is(name(n), k); }

  std::span<const Location> locations() const { return locations_.span(); }
  const Location* FindLocation(NodeIndex n) const;       // nullptr if there is none. O(log n)
  std::optional<NodeIndex> FindById(uint32_t id) const;  // O(n)
  uint64_t extra_native_bytes() const { return extra_native_bytes_; }
  const std::optional<CaptureNote>& note() const { return note_; }
  bool has_detachedness_field() const { return has_detachedness_field_; }
  const Diagnostics& diagnostics() const { return diagnostics_; }
  // Sum of all self sizes. O(1).
  uint64_t total_self_size() const { return total_self_size_; }

  // For passes over the whole graph.
  const GraphColumns& columns() const { return c_; }

 private:
  GraphColumns c_;
  StringTable strings_;
  Array<Location> locations_;
  uint64_t extra_native_bytes_ = 0;
  uint64_t total_self_size_ = 0;
  std::optional<CaptureNote> note_;
  bool has_detachedness_field_ = false;
  Diagnostics diagnostics_;
};

}  // namespace leaktrail
