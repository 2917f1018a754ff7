#include "heap/types.h"

#include <array>

namespace leaktrail {
namespace {
constexpr std::array<std::string_view, 17> kNodeTypeNames = {"hidden",
                                                             "array",
                                                             "string",
                                                             "object",
                                                             "code",
                                                             "closure",
                                                             "regexp",
                                                             "number",
                                                             "native",
                                                             "synthetic",
                                                             "concatenated string",
                                                             "sliced string",
                                                             "symbol",
                                                             "bigint",
                                                             "object shape",
                                                             "wasm object",
                                                             "undefined"};
constexpr std::array<std::string_view, 8> kEdgeTypeNames = {
    "context", "element", "property", "internal", "hidden", "shortcut", "weak", "other"};
}  // namespace

std::string_view NodeTypeName(NodeType type) { return kNodeTypeNames[static_cast<size_t>(type)]; }
std::string_view EdgeTypeName(EdgeType type) { return kEdgeTypeNames[static_cast<size_t>(type)]; }
NodeType NodeTypeFromName(std::string_view name) {
  for (size_t i = 0; i < static_cast<size_t>(NodeType::kOther); ++i) {
    if (kNodeTypeNames[i] == name) return static_cast<NodeType>(i);
  }
  return NodeType::kOther;
}
EdgeType EdgeTypeFromName(std::string_view name) {
  for (size_t i = 0; i < static_cast<size_t>(EdgeType::kOther); ++i) {
    if (kEdgeTypeNames[i] == name) return static_cast<EdgeType>(i);
  }
  return EdgeType::kOther;
}

}  // namespace leaktrail
