// One node in a report: what a person needs to recognise it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "report/frame.h"

namespace leaktrail {

struct NodeLine {
  uint32_t id = 0;
  std::string class_name;
  std::string name;  // as DevTools writes it: "Meter", "{a, b}", a function's name, a string's text
  std::string type;  // V8's: "object", "closure", …
  std::optional<int32_t> distance;  // if it was computed
  uint64_t shallow_size = 0;
  uint64_t retained_size = 0;
  CodePlace place;  // of a function or constructor; the package may be known without it
};

// "Meter @123", "registerHttpMetric() @125", "\"text…\" @7"; safe for a terminal and at most about
// `name_columns` wide without the id.
std::string NodeLabel(const NodeLine& node, size_t name_columns);
// "0.3 kB of its own, retains 2.1 MB".
std::string NodeSizes(const NodeLine& node);
// "7"; "–" for what no user root reaches.
std::string DistanceText(std::optional<int32_t> distance);
// The edge as a person would write it: ".name", "[3]", "variable name", "internal name".
std::string EdgeLabel(const std::string& edge, const std::string& edge_type);

// The keys id, class, name, type, distance, shallow_size, retained_size, package, location into an
// object that is open.
void WriteNodeKeys(const NodeLine& node, JsonWriter* json);

}  // namespace leaktrail
