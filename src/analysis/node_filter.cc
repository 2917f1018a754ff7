#include "analysis/node_filter.h"

namespace leaktrail {
namespace {

template <typename IsName>
size_t Find(const HeapGraph& graph, uint32_t first, uint32_t end, uint32_t types,
            const IsName& is_name, uint32_t* found) {
  const uint8_t* const type = graph.columns().type.data();
  const uint32_t* const name = graph.columns().name.data();
  size_t count = 0;
  for (uint32_t v = first; v < end; ++v) {
    found[count] = v;
    count += (types >> type[v] & 1) & static_cast<uint32_t>(is_name(name[v]));
  }
  return count;
}

}  // namespace

size_t FindNodesNamed(const HeapGraph& graph, uint32_t first, uint32_t end, uint32_t types,
                      WellKnown name, uint32_t* found) {
  const std::span<const StringIndex> names = graph.strings().well_known(name);
  if (names.size() == 1) {
    const uint32_t only = names[0].value();
    return Find(
        graph, first, end, types, [only](uint32_t n) { return n == only; }, found);
  }
  return Find(
      graph, first, end, types,
      [&](uint32_t n) { return graph.strings().Is(StringIndex(n), name); }, found);
}

}  // namespace leaktrail
