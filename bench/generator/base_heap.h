// The part of a generated heap that exists once, whatever its size: the roots, V8's maps and
// oddballs, builtins, the global object with its prototypes, scripts with their functions, and
// the application's classes and containers.
//
// It is built once and frozen. Its nodes come first in the file, in order of creation, and node i
// has the id 2i + 1. Containers that hold something of every unit (the cache's table, the list
// of requests) are listed in `wide_nodes`: their edges are made while the file is written.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "generator/model.h"

namespace leaktrail::bench {

using BaseNode = std::uint32_t;

// A function that closures are made of.
struct FunctionTemplate {
  Label name;
  BaseNode shared = 0;
  BaseNode feedback_cell = 0;
  BaseNode scope_info = 0;
  std::uint32_t location = 0;  // into BaseHeap::locations, 0 is none
};

// A constructor's instances: their name, map and prototype.
struct ClassTemplate {
  Label name;
  BaseNode map = 0;
  BaseNode prototype = 0;
  std::uint32_t location = 0;
};

// A plain object's shape: its map and property names, in order.
struct ShapeTemplate {
  BaseNode map = 0;
  std::vector<Label> properties;
};

// What a unit's nodes refer to.
struct Palette {
  // Maps of engine-internal things.
  BaseNode meta_map, one_byte_map, internalized_map, cons_map, sliced_map, heap_number_map,
      bigint_map, fixed_array_map, ordered_table_map, property_array_map, reaction_map,
      weak_cell_map, descriptor_array_map, transition_array_map, accessor_pair_map, regexp_data_map,
      context_shape, shape_meta_map;
  BaseNode undefined, null, true_value, false_value;
  BaseNode dependent_code, empty_enum_cache, validity_cell;
  BaseNode compile_lazy, interpreter_entry;
  BaseNode function_prototype, function_map;
  BaseNode module_context;
  // Builtin classes.
  ClassTemplate object, array, map, set, date, promise, array_buffer, uint8_array, weak_ref, regexp,
      dictionary;
  // The application's classes.
  ClassTemplate cache_entry, request, account, address, parcel, channel, tree_node, buffer, sample,
      sample_timer;
  FunctionTemplate on_data, on_close, resolve, reject, on_sample;
  std::vector<FunctionTemplate> functions;
  ShapeTemplate headers, geo, note, event, settings, profile;
  std::vector<ShapeTemplate> shapes;
  std::vector<BaseNode> contexts;
  // Internalized words: the text and its node.
  std::vector<Label> words;
  std::vector<BaseNode> word_nodes;
};

// What a wide node's edges are made of.
enum class WideKind : std::uint8_t {
  kCacheTable,    // ordered hash table: key and cache entry of every unit
  kRequestList,   // element k -> request of the k-th unit
  kProfileTable,  // WeakMap: request -> profile
  kSampleList,    // element k -> sample of the k-th leaked unit
  kHandles,       // a few requests, as global handles
  kStackObjects,  // a few requests, as stack roots
  kLongStrings,   // element k -> the k-th long string
  kNativeRoots,   // the one node that the C++ heap adds at the end of the file
};

struct WideNode {
  BaseNode node;
  WideKind kind;
  bool is_backing_store = false;
};

class BaseHeap {
 public:
  struct Node {
    NodeType type;
    std::uint8_t detachedness = 0;
    bool embedder = false;  // a C++ object of Node's own: V8 gives these even ids
    Label name;
    std::uint64_t self_size = 0;
    std::uint32_t location = 0;
    std::vector<Edge> edges;
  };

  // `script_count` sets how much code is loaded: a script brings about a hundred nodes.
  BaseHeap(Layout layout, std::uint64_t seed, std::uint32_t script_count);

  const std::vector<Node>& nodes() const { return nodes_; }
  const std::vector<std::string>& strings() const { return strings_; }
  const std::vector<Location>& locations() const { return locations_; }
  const std::vector<WideNode>& wide_nodes() const { return wide_nodes_; }
  const Palette& palette() const { return palette_; }
  Layout layout() const { return layout_; }

  // The label of a text, which is added to the string table if it is not there yet. To be called
  // before anything is written only.
  Label AddLabel(std::string_view text);
  // The label of the edges that lead to a node's map.
  Label map_label() const { return map_label_; }
  // The name of the node that stands last in the file. As in V8's own files it holds nothing:
  // v8-heap-parser 0.1.0 fails where the last node dominates another one.
  Label native_roots_label() const { return native_roots_label_; }

 private:
  friend class BaseHeapBuilder;

  Layout layout_;
  std::vector<Node> nodes_;
  std::vector<std::string> strings_;
  std::unordered_map<std::string, std::uint32_t> string_index_;
  std::vector<Location> locations_{Location{}};
  std::vector<WideNode> wide_nodes_;
  Palette palette_{};
  Label map_label_;
  Label native_roots_label_;
};

}  // namespace leaktrail::bench
