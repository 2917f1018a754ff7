#include "tests/support/snapshot_model.h"

#include <fmt/format.h>
#include <algorithm>
#include <stdexcept>
#include <unordered_map>

#include "heap/graph_builder.h"

namespace leaktrail::testing {
namespace {

constexpr const char* kNodeTypes =
    R"("hidden","array","string","object","code","closure","regexp","number","native",)"
    R"("synthetic","concatenated string","sliced string","symbol","bigint","object shape")";
constexpr const char* kEdgeTypes =
    R"("context","element","property","internal","hidden","shortcut","weak")";

// Non-ASCII as \u escapes, as V8 writes it.
std::string EscapeAsV8(std::string_view utf8) {
  std::string out;
  for (size_t i = 0; i < utf8.size();) {
    const auto b = static_cast<unsigned char>(utf8[i]);
    const size_t length = b < 0x80 ? 1 : b < 0xE0 ? 2 : b < 0xF0 ? 3 : 4;
    if (b < 0x80 || i + length > utf8.size()) {
      switch (b) {
        case '"':
          out += "\\\"";
          break;
        case '\\':
          out += "\\\\";
          break;
        case '\n':
          out += "\\n";
          break;
        case '\r':
          out += "\\r";
          break;
        case '\t':
          out += "\\t";
          break;
        default:
          if (b < 0x20 || b >= 0x7F) {
            out += fmt::format("\\u{:04X}", b);
          } else {
            out += static_cast<char>(b);
          }
      }
      ++i;
      continue;
    }
    uint32_t c = b & (0xFFu >> (length + 1));
    for (size_t k = 1; k < length; ++k)
      c = c << 6 | (static_cast<unsigned char>(utf8[i + k]) & 0x3F);
    if (c >= 0x10000) {
      out += fmt::format("\\u{:04X}\\u{:04X}", 0xD7C0 + (c >> 10), 0xDC00 + (c & 0x3FF));
    } else {
      out += fmt::format("\\u{:04X}", c);
    }
    i += length;
  }
  return out;
}

class Writer {
 public:
  Writer(const SnapshotModel& model, SnapshotLayout layout) : model_(model), layout_(layout) {
    StringOf("<dummy>");
    StringOf("");
    std::vector<std::string> names;
    for (const char* p = kNodeTypes; *p != '\0';) {
      const std::string_view rest(p + 1);
      names.emplace_back(rest.substr(0, rest.find('"')));
      p += names.back().size() + 2;
      if (*p == ',') ++p;
    }
    for (uint32_t t = 0; t < names.size(); ++t) type_number_[names[t]] = t;
  }

  std::string Write() {
    const std::string nodes = Nodes(), edges = Edges(), locations = Locations();
    const bool lines = layout_ != SnapshotLayout::kNode24;
    const char* node_fields =
        layout_ == SnapshotLayout::kNode10
            ? R"("type","name","id","self_size","edge_count","trace_node_id")"
        : layout_ == SnapshotLayout::kNode20
            ? R"("type","name","id","self_size","edge_count","trace_node_id","detachedness")"
            : R"("type","name","id","self_size","edge_count","detachedness")";
    std::string out = fmt::format(
        R"({{"snapshot":{{"meta":{{"node_fields":[{}],"node_types":[[{}],"string","number","number",)"
        R"("number","number","number"],"edge_fields":["type","name_or_index","to_node"],)"
        R"("edge_types":[[{}],"string_or_number","node"],"trace_function_info_fields":)"
        R"(["function_id","name","script_name","script_id","line","column"],"trace_node_fields":)"
        R"(["id","function_info_index","count","size","children"],"sample_fields":)"
        R"(["timestamp_us","last_assigned_id"])",
        node_fields, kNodeTypes, kEdgeTypes);
    if (layout_ != SnapshotLayout::kNode10) {
      out += R"(,"location_fields":["object_index","script_id","line","column"])";
    }
    out += fmt::format(R"(}},"node_count":{},"edge_count":{},"trace_function_count":0)",
                       model_.nodes.size(), model_.edges.size());
    if (layout_ == SnapshotLayout::kNode24) {
      out += fmt::format(R"(,"extra_native_bytes":{})", model_.extra_native_bytes);
    }
    out += "},\n\"nodes\":[" + nodes + "],\n\"edges\":[" + edges + "],\n";
    out += "\"trace_function_infos\":[],\n\"trace_tree\":[],\n\"samples\":[],\n";
    if (layout_ != SnapshotLayout::kNode10) out += "\"locations\":[" + locations + "],\n";
    out += "\"strings\":[";
    for (size_t i = 0; i < strings_.size(); ++i) {
      if (i > 0) out += lines ? ",\n" : ",";
      out += '"' + EscapeAsV8(strings_[i]) + '"';
    }
    return out + "]}";
  }

 private:
  uint32_t fields() const { return layout_ == SnapshotLayout::kNode20 ? 7 : 6; }

  uint32_t StringOf(const std::string& text) {
    const auto [it, added] =
        string_number_.try_emplace(text, static_cast<uint32_t>(strings_.size()));
    if (added) strings_.push_back(text);
    return it->second;
  }

  // Until Node 23 rows are separated by a newline and a comma.
  void AddRow(std::string* out, const std::string& row) const {
    const bool lines = layout_ != SnapshotLayout::kNode24;
    if (!out->empty()) *out += ',';
    *out += row;
    if (lines) *out += '\n';
  }

  std::string Nodes() {
    std::vector<uint64_t> edge_count(model_.nodes.size());
    for (const ModelEdge& e : model_.edges) ++edge_count.at(e.from);
    std::string out;
    for (size_t i = 0; i < model_.nodes.size(); ++i) {
      const ModelNode& n = model_.nodes[i];
      const auto type = type_number_.find(n.type);
      // A type that is not in the list gets a number behind it, as symbols do in Node 8.
      const size_t number = type == type_number_.end() ? type_number_.size() : type->second;
      std::string row =
          fmt::format("{},{},{},{},{}", number, StringOf(n.name), n.id, n.self_size, edge_count[i]);
      if (layout_ != SnapshotLayout::kNode24) row += ",0";
      if (layout_ != SnapshotLayout::kNode10) row += fmt::format(",{}", n.detachedness);
      AddRow(&out, row);
    }
    return out;
  }

  std::string Edges() {
    std::vector<const ModelEdge*> sorted;
    for (const ModelEdge& e : model_.edges) sorted.push_back(&e);
    std::stable_sort(sorted.begin(), sorted.end(),
                     [](const ModelEdge* a, const ModelEdge* b) { return a->from < b->from; });
    std::string out;
    for (const ModelEdge* e : sorted) {
      const EdgeType type = EdgeTypeFromName(e->type);
      AddRow(&out, fmt::format("{},{},{}", static_cast<int>(type),
                               NamedByIndex(type) ? e->index : StringOf(e->name),
                               uint64_t{e->to} * fields()));
    }
    return out;
  }

  std::string Locations() const {
    std::string out;
    for (const ModelLocation& l : model_.locations) {
      AddRow(&out, fmt::format("{},{},{},{}", uint64_t{l.node} * fields(), l.script_id, l.line,
                               l.column));
    }
    return out;
  }

  const SnapshotModel& model_;
  SnapshotLayout layout_;
  std::vector<std::string> strings_;
  std::unordered_map<std::string, uint32_t> string_number_, type_number_;
};

}  // namespace

uint32_t SnapshotModel::node(std::string_view label) const {
  for (uint32_t i = 0; i < nodes.size(); ++i) {
    if (nodes[i].label == label) return i;
  }
  throw std::invalid_argument("no node called " + std::string(label));
}

const char* LayoutName(SnapshotLayout layout) {
  switch (layout) {
    case SnapshotLayout::kNode10:
      return "Node10";
    case SnapshotLayout::kNode20:
      return "Node20";
    case SnapshotLayout::kNode24:
      return "Node24";
  }
  return "";
}

std::string WriteSnapshot(const SnapshotModel& model, SnapshotLayout layout) {
  return Writer(model, layout).Write();
}

HeapGraph BuildGraph(const SnapshotModel& model) {
  GraphBuilder b;
  for (const ModelNode& n : model.nodes) {
    b.AddNode(NodeTypeFromName(n.type), n.name, static_cast<uint32_t>(n.id), n.self_size,
              static_cast<Detachedness>(n.detachedness));
  }
  for (const ModelEdge& e : model.edges) {
    const EdgeType type = EdgeTypeFromName(e.type);
    if (NamedByIndex(type)) {
      b.AddEdge(NodeIndex(e.from), type, e.index, NodeIndex(e.to));
    } else {
      b.AddEdge(NodeIndex(e.from), type, e.name, NodeIndex(e.to));
    }
  }
  for (const ModelLocation& l : model.locations) {
    b.AddLocation(NodeIndex(l.node), l.script_id, l.line, l.column);
  }
  b.set_extra_native_bytes(model.extra_native_bytes);
  return b.Build();
}

std::string DescribeGraph(const HeapGraph& graph) {
  std::string out = fmt::format("nodes {} edges {} extra {}\n", graph.node_count(),
                                graph.edge_count(), graph.extra_native_bytes());
  for (NodeIndex n : graph.nodes()) {
    out += fmt::format("{} {} \"{}\" @{} {} {}\n", n.value(), graph.type_name(n), graph.NodeName(n),
                       graph.id(n), graph.self_size(n), static_cast<int>(graph.detachedness(n)));
    for (EdgeIndex e : graph.edges_of(n)) {
      out += fmt::format("  {} \"{}\" {}\n", EdgeTypeName(graph.edge_type(e)), graph.EdgeName(e),
                         graph.target(e).value());
    }
  }
  for (const Location& l : graph.locations()) {
    out += fmt::format("at {} {}:{}:{}\n", l.node.value(), l.script_id, l.line, l.column);
  }
  return out;
}

}  // namespace leaktrail::testing
