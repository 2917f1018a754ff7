#include "heap/graph.h"

#include <algorithm>

namespace leaktrail {

void SortLargeSizes(GrowingArray<LargeSize>& sizes) {
  std::stable_sort(sizes.begin(), sizes.end(),
                   [](const LargeSize& a, const LargeSize& b) { return a.node < b.node; });
  size_t kept = 0;
  for (size_t i = 0; i < sizes.size(); ++i) {
    if (i + 1 < sizes.size() && sizes[i + 1].node == sizes[i].node) continue;
    sizes[kept++] = sizes[i];
  }
  sizes.Truncate(kept);
}

uint64_t FindLargeSize(const GrowingArray<LargeSize>& sizes, uint32_t node) {
  const auto it =
      std::lower_bound(sizes.begin(), sizes.end(), node,
                       [](const LargeSize& l, uint32_t wanted) { return l.node < wanted; });
  return it != sizes.end() && it->node == node ? it->bytes : LargeSize::kMark;
}

HeapGraph::HeapGraph(Parts parts)
    : c_(std::move(parts.columns)),
      strings_(std::move(parts.strings)),
      locations_(std::move(parts.locations)),
      extra_native_bytes_(parts.extra_native_bytes),
      note_(std::move(parts.note)),
      has_detachedness_field_(parts.has_detachedness_field),
      diagnostics_(std::move(parts.diagnostics)) {
  for (uint16_t v : c_.self_size) total_self_size_ += v == LargeSize::kMark ? 0 : v;
  for (const LargeSize& large : c_.large_self_size) total_self_size_ += large.bytes;
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
