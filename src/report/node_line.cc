#include "report/node_line.h"

#include <fmt/format.h>

#include <algorithm>

#include "analysis/distances.h"
#include "report/words.h"

namespace leaktrail {
namespace {

bool IsIdentifier(const std::string& name) {
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return false;
  return std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return c >= 0x80 || c == '_' || c == '$' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
           (c >= 'A' && c <= 'Z');
  });
}

}  // namespace

std::string NodeLabel(const NodeLine& node, size_t name_columns) {
  std::string label;
  if (node.type == "closure") {
    label = node.name.empty() ? "anonymous function" : SafeText(node.name) + "()";
  } else if (node.type == "string" || node.type == "concatenated string" ||
             node.type == "sliced string") {
    label = fmt::format("\"{}\"", ShortenEnd(SafeText(node.name), name_columns));
  } else if (node.type == "synthetic" && node.name.empty()) {
    label = "(root)";
  } else if (node.type == "object" && node.name == "Object") {
    label = SafeName(node.class_name);
  } else {
    label = SafeName(node.name.empty() ? node.class_name : node.name);
  }
  return fmt::format("{} @{}", ShortenEnd(label, name_columns + 2), node.id);
}

std::string NodeSizes(const NodeLine& node) {
  if (node.retained_size == node.shallow_size) return FormatSize(node.shallow_size);
  return fmt::format("{}, retains {}", FormatSize(node.shallow_size),
                     FormatSize(node.retained_size));
}

std::string DistanceText(std::optional<int32_t> distance) {
  if (!distance || *distance < 0 || *distance >= kBaseSystemDistance) return "–";
  return FormatCount(static_cast<uint64_t>(*distance));
}

std::string EdgeLabel(const std::string& edge, const std::string& edge_type) {
  const std::string safe = ShortenEnd(SafeText(edge), 60);
  if (edge_type == "property") {
    if (edge.starts_with("<symbol ")) return fmt::format("[{}]", safe);
    return IsIdentifier(edge) ? fmt::format(".{}", safe) : fmt::format("[\"{}\"]", safe);
  }
  if (edge_type == "element") return fmt::format("[{}]", safe);
  if (edge_type == "context") return fmt::format("variable {}", safe);
  return fmt::format("({}) {}", SafeText(edge_type), safe);
}

void WriteNodeKeys(const NodeLine& node, JsonWriter* json) {
  json->Field("id", node.id);
  json->Field("class", node.class_name);
  json->Field("name", node.name);
  json->Field("type", node.type);
  if (node.distance) json->Field("distance", *node.distance);
  json->Field("shallow_size", node.shallow_size);
  json->Field("retained_size", node.retained_size);
  WritePlace(node.place, json);
}

}  // namespace leaktrail
