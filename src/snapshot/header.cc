#include "snapshot/header.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace leaktrail {
namespace {

using Json = nlohmann::json;

// V8's edge types have never changed; a file without a list means these.
constexpr std::string_view kDefaultEdgeTypes[] = {"context", "element",  "property", "internal",
                                                  "hidden",  "shortcut", "weak"};
constexpr uint64_t kMaxCount = 0xFFFFFFFEu;

const Json* Find(const Json& object, const char* key) {
  if (!object.is_object()) return nullptr;
  const auto it = object.find(key);
  return it == object.end() ? nullptr : &*it;
}

std::vector<std::string> StringList(const Json* list) {
  std::vector<std::string> out;
  if (list == nullptr || !list->is_array()) return out;
  for (const Json& item : *list) {
    out.push_back(item.is_string() ? item.get<std::string>() : std::string());
  }
  return out;
}

// `node_types` and `edge_types` are lists whose first entry is the list of type names.
std::vector<std::string> TypeNames(const Json* types) {
  if (types == nullptr || !types->is_array() || types->empty()) return {};
  return StringList(&(*types)[0]);
}

uint32_t FieldAt(const std::vector<std::string>& fields, std::string_view name) {
  for (uint32_t i = 0; i < fields.size(); ++i) {
    if (fields[i] == name) return i;
  }
  return kNoField;
}

Result<uint64_t> Count(const Json& snapshot, const char* key, uint64_t offset) {
  const Json* value = Find(snapshot, key);
  if (value == nullptr) {
    return FailAt(offset, fmt::format("the snapshot's header has no {}", key));
  }
  if (!value->is_number_unsigned()) {
    return FailAt(offset, fmt::format("the header's {} is not a whole number", key));
  }
  const auto count = value->get<uint64_t>();
  if (count > kMaxCount) {
    return FailAt(offset, fmt::format("the header's {} is {}; at most {} can be read", key, count,
                                      kMaxCount));
  }
  return count;
}

std::string Text(const Json& object, const char* key) {
  const Json* value = Find(object, key);
  return value != nullptr && value->is_string() ? value->get<std::string>() : "";
}

void ReadNote(const Json& snapshot, SnapshotHeader& h) {
  const Json* note = Find(snapshot, "leaktrail");
  if (note == nullptr || !note->is_object()) return;
  CaptureNote n;
  n.method = Text(*note, "method");
  n.process = Text(*note, "process");
  n.time = Text(*note, "time");
  const Json* comparable = Find(*note, "node_ids_comparable");
  if (comparable != nullptr && comparable->is_boolean()) {
    n.node_ids_comparable = comparable->get<bool>();
  }
  const Json* redacted = Find(*note, "redacted");
  n.redacted = redacted != nullptr && redacted->is_boolean() && redacted->get<bool>();
  h.note = std::move(n);
}

}  // namespace

Result<SnapshotHeader> ParseHeader(std::string_view text, uint64_t offset) {
  const Json snapshot = Json::parse(text.begin(), text.end(), nullptr, false);
  if (snapshot.is_discarded() || !snapshot.is_object()) {
    return FailAt(offset, "the snapshot's header is not valid JSON");
  }
  const Json* meta = Find(snapshot, "meta");
  if (meta == nullptr) return FailAt(offset, "the snapshot's header has no meta object");
  SnapshotHeader h;

  const auto node_fields = StringList(Find(*meta, "node_fields"));
  h.node_fields = static_cast<uint32_t>(node_fields.size());
  h.type_at = FieldAt(node_fields, "type");
  h.name_at = FieldAt(node_fields, "name");
  h.id_at = FieldAt(node_fields, "id");
  h.self_size_at = FieldAt(node_fields, "self_size");
  h.edge_count_at = FieldAt(node_fields, "edge_count");
  h.detachedness_at = FieldAt(node_fields, "detachedness");
  if (h.type_at == kNoField || h.name_at == kNoField || h.edge_count_at == kNoField) {
    return FailAt(offset, "the header's node_fields lack type, name or edge_count");
  }
  if (h.id_at == kNoField) {
    h.diagnostics.push_back({"no-node-ids", Severity::kWarning, 1,
                             "the file has no node ids; they were made from the nodes' places, so "
                             "comparing by id with another snapshot is not possible"});
  }
  if (h.self_size_at == kNoField) {
    h.diagnostics.push_back(
        {"no-self-sizes", Severity::kWarning, 1, "the file has no self sizes; all sizes are 0"});
  }
  h.node_type_names = TypeNames(Find(*meta, "node_types"));
  if (h.node_type_names.empty()) {
    for (int t = 0; t < static_cast<int>(NodeType::kWasmObject); ++t) {
      h.node_type_names.emplace_back(NodeTypeName(static_cast<NodeType>(t)));
    }
    h.diagnostics.push_back({"no-node-types", Severity::kWarning, 1,
                             "the file does not name its node types; V8's order was taken"});
  }
  for (const std::string& name : h.node_type_names) h.node_types.push_back(NodeTypeFromName(name));

  const auto edge_fields = StringList(Find(*meta, "edge_fields"));
  h.edge_fields = static_cast<uint32_t>(edge_fields.size());
  h.edge_type_at = FieldAt(edge_fields, "type");
  h.edge_name_at = FieldAt(edge_fields, "name_or_index");
  h.to_node_at = FieldAt(edge_fields, "to_node");
  if (h.edge_type_at == kNoField || h.edge_name_at == kNoField || h.to_node_at == kNoField) {
    return FailAt(offset, "the header's edge_fields lack type, name_or_index or to_node");
  }
  auto edge_types = TypeNames(Find(*meta, "edge_types"));
  if (edge_types.empty())
    edge_types.assign(std::begin(kDefaultEdgeTypes), std::end(kDefaultEdgeTypes));
  for (const std::string& name : edge_types) h.edge_types.push_back(EdgeTypeFromName(name));

  const auto location_fields = StringList(Find(*meta, "location_fields"));
  h.location_fields = static_cast<uint32_t>(location_fields.size());
  h.object_index_at = FieldAt(location_fields, "object_index");
  h.script_id_at = FieldAt(location_fields, "script_id");
  h.line_at = FieldAt(location_fields, "line");
  h.column_at = FieldAt(location_fields, "column");

  Result<uint64_t> nodes = Count(snapshot, "node_count", offset);
  if (!nodes) return tl::unexpected<Error>(nodes.error());
  h.node_count = *nodes;
  Result<uint64_t> edges = Count(snapshot, "edge_count", offset);
  if (!edges) return tl::unexpected<Error>(edges.error());
  h.edge_count = *edges;
  const Json* native = Find(snapshot, "extra_native_bytes");
  if (native != nullptr && native->is_number_unsigned()) {
    h.extra_native_bytes = native->get<uint64_t>();
    if (h.extra_native_bytes > kMaxHeapBytes) {
      return FailAt(offset, "the header's extra_native_bytes is larger than any heap");
    }
  }
  ReadNote(snapshot, h);
  return h;
}

}  // namespace leaktrail
