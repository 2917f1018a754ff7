#include "heap/graph.h"

#include <algorithm>

namespace leaktrail {

HeapGraph::HeapGraph(Parts parts)
    : c_(std::move(parts.columns)),
      strings_(std::move(parts.strings)),
      locations_(std::move(parts.locations)),
      extra_native_bytes_(parts.extra_native_bytes),
      note_(std::move(parts.note)),
      has_detachedness_field_(parts.has_detachedness_field),
      diagnostics_(std::move(parts.diagnostics)) {
  for (uint32_t v : c_.self_size) total_self_size_ += v;
  for (const auto& [node, size] : c_.large_self_size) {
    total_self_size_ += size - c_.self_size[node];
  }
}

std::string HeapGraph::type_name(NodeIndex n) const {
  const NodeType t = type(n);
  if (t == NodeType::kOther) {
    const auto it = c_.other_type.find(n.value());
    if (it != c_.other_type.end()) return it->second;
  }
  return std::string(NodeTypeName(t));
}

NodeIndex HeapGraph::FindSource(EdgeIndex e) const {
  const auto it = std::upper_bound(c_.first_edge.begin(), c_.first_edge.end(), e.value());
  return NodeIndex(static_cast<uint32_t>(it - c_.first_edge.begin()) - 1);
}

std::string HeapGraph::EdgeName(EdgeIndex e) const {
  if (NamedByIndex(edge_type(e))) return std::to_string(edge_label(e));
  return strings_.Get(edge_name(e));
}

const Location* HeapGraph::FindLocation(NodeIndex n) const {
  const auto it = std::lower_bound(locations_.begin(), locations_.end(), n,
                                   [](const Location& l, NodeIndex x) { return l.node < x; });
  return it != locations_.end() && it->node == n ? &*it : nullptr;
}

std::optional<NodeIndex> HeapGraph::FindById(uint32_t wanted) const {
  const auto it = std::find(c_.id.begin(), c_.id.end(), wanted);
  if (it == c_.id.end()) return std::nullopt;
  return NodeIndex(static_cast<uint32_t>(it - c_.id.begin()));
}

}  // namespace leaktrail
