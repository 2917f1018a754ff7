#include "heap/graph_builder.h"

#include <fmt/format.h>
#include <algorithm>

namespace leaktrail {

std::string EscapeJson(std::string_view utf8) {
  std::string out;
  for (char c : utf8) {
    const auto b = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (b < 0x20) {
      out += fmt::format("\\u{:04X}", b);
    } else {
      out += c;
    }
  }
  return out;
}

GraphBuilder::GraphBuilder() { Intern(""); }

uint32_t GraphBuilder::Intern(std::string_view text) {
  const auto [it, added] =
      string_index_.emplace(std::string(text), static_cast<uint32_t>(strings_.size()));
  if (added) strings_.emplace_back(text);
  return it->second;
}

NodeIndex GraphBuilder::AddNode(NodeType type, std::string_view name, uint32_t id,
                                uint64_t self_size, Detachedness detachedness) {
  nodes_.push_back({type, Intern(name), id, self_size, detachedness});
  return NodeIndex(static_cast<uint32_t>(nodes_.size() - 1));
}
void GraphBuilder::AddEdge(NodeIndex from, EdgeType type, std::string_view name, NodeIndex to) {
  edges_.push_back({from.value(), type, Intern(name), to.value()});
}
void GraphBuilder::AddEdge(NodeIndex from, EdgeType type, uint32_t index, NodeIndex to) {
  edges_.push_back({from.value(), type, index, to.value()});
}
void GraphBuilder::AddLocation(NodeIndex node, uint32_t script_id, uint32_t line, uint32_t column) {
  locations_.push_back({node, script_id, line, column});
}

HeapGraph GraphBuilder::Build() {
  HeapGraph::Parts p;
  GraphColumns& c = p.columns;
  const size_t n = nodes_.size();
  c.type = Array<uint8_t>(n);
  c.name = Array<uint32_t>(n);
  c.id = Array<uint32_t>(n);
  c.self_size = Array<uint16_t>(n);
  c.first_edge = Array<uint32_t>(n + 1);
  const bool any_detached = std::any_of(nodes_.begin(), nodes_.end(), [](const NodeRow& r) {
    return r.detachedness != Detachedness::kUnknown;
  });
  if (any_detached) c.detachedness = Array<uint8_t>(n);
  for (size_t i = 0; i < n; ++i) {
    const NodeRow& r = nodes_[i];
    c.type[i] = static_cast<uint8_t>(r.type);
    c.name[i] = r.name;
    c.id[i] = r.id;
    c.self_size[i] = static_cast<uint16_t>(std::min<uint64_t>(r.self_size, LargeSize::kMark));
    if (r.self_size >= LargeSize::kMark) {
      c.large_self_size.push_back({static_cast<uint32_t>(i), r.self_size});
    }
    if (any_detached) c.detachedness[i] = static_cast<uint8_t>(r.detachedness);
  }
  std::stable_sort(edges_.begin(), edges_.end(),
                   [](const EdgeRow& a, const EdgeRow& b) { return a.from < b.from; });
  c.edge = Array<RawEdge>(edges_.size());
  for (size_t e = 0; e < edges_.size(); ++e) {
    const EdgeRow& r = edges_[e];
    ++c.first_edge[r.from + 1];
    uint32_t label = r.label;
    if (label >= HeapGraph::kLabelOverflow) {
      c.large_label[static_cast<uint32_t>(e)] = label;
      label = HeapGraph::kLabelOverflow;
    }
    c.edge[e] = {r.to, label << HeapGraph::kLabelBits | static_cast<uint32_t>(r.type)};
  }
  for (size_t i = 0; i < n; ++i) c.first_edge[i + 1] += c.first_edge[i];

  StringTable::Parts s;
  auto store = std::make_shared<MemoryStore>();
  s.count = strings_.size();
  s.starts = Array<uint64_t>(s.count);
  for (size_t i = 0; i < s.count; ++i) {
    const std::string raw = EscapeJson(strings_[i]);
    const std::string quoted = '"' + raw + '"';
    s.starts[i] = store->end_offset() + 1;
    store->Append(quoted.data(), quoted.size());
    const StringIndex index(static_cast<uint32_t>(i));
    if (auto k = FindWellKnown(raw)) s.well_known[static_cast<size_t>(*k)].push_back(index);
    if (auto name = ParseEphemeronName(raw)) {
      name->string = index.value();
      s.ephemerons.push_back(*name);
    }
  }
  s.end = store->end_offset();
  s.store = std::move(store);
  p.strings = StringTable(std::move(s));

  std::sort(locations_.begin(), locations_.end(),
            [](const Location& a, const Location& b) { return a.node < b.node; });
  p.locations = Array<Location>(locations_.size());
  std::copy(locations_.begin(), locations_.end(), p.locations.begin());
  p.extra_native_bytes = extra_native_bytes_;
  p.has_detachedness_field = any_detached;
  p.note = std::move(note_);
  return HeapGraph(std::move(p));
}

}  // namespace leaktrail
