#include "analysis/class_summary.h"

#include <algorithm>
#include <tuple>

namespace leaktrail {

std::vector<ClassRow> ComputeClassSummary(const HeapGraph& graph, const ClassTable& classes,
                                          const ShallowSizes& shallow,
                                          const DominatorTree& dominators) {
  // In a preorder of the dominator tree a topmost instance of a class is one that comes after the
  // range of the topmost instance before it; what it retains is the growth of the running sum over
  // its own range. Ranges nest, so a stack closes them in time.
  struct Open {
    uint32_t class_index, end;
    uint64_t before;
  };
  constexpr uint32_t kAhead = 24;
  const uint32_t n = graph.node_count();
  if (n == 0) return {};
  std::vector<ClassRow> rows(classes.keys.size());
  for (uint32_t c = 0; c < rows.size(); ++c) rows[c].class_index = ClassIndex(c);
  std::vector<uint32_t> open_until(rows.size(), 0);
  std::vector<Open> open;
  uint64_t sum = 0;
  // The tree's order jumps through the graph, so the sizes are laid out flat for it. One that does
  // not fit stands where it was.
  constexpr uint32_t kLarge = 0xFFFFFFFFu;
  Array<uint32_t> size_of(n);
  for (uint32_t v = 0; v < n; ++v) {
    size_of[v] = static_cast<uint32_t>(std::min<uint64_t>(shallow.of(NodeIndex(v)), kLarge));
  }
  const auto close = [&](uint32_t place) {
    while (!open.empty() && open.back().end <= place) {
      rows[open.back().class_index].retained_size += sum - open.back().before;
      open.pop_back();
    }
  };
  for (uint32_t place = 0; place < n; ++place) {
    if (place + kAhead < n) {
      const uint32_t soon = dominators.order[place + kAhead];
      __builtin_prefetch(&size_of[soon]);
      classes.class_of_node.Prefetch(soon);
    }
    const uint32_t v = dominators.order[place];
    const uint64_t size = size_of[v] == kLarge ? shallow.of(NodeIndex(v)) : size_of[v];
    if (size == 0) continue;
    close(place);
    const uint32_t c = classes.class_of_node[v];
    ClassRow& row = rows[c];
    ++row.count;
    row.shallow_size += size;
    if (place >= open_until[c]) {
      open_until[c] = dominators.subtree_end[place];
      // Most instances are leaves of the tree.
      if (open_until[c] == place + 1) {
        row.retained_size += size;
      } else {
        open.push_back({c, open_until[c], sum});
      }
    }
    sum += size;
  }
  close(n);
  std::erase_if(rows, [](const ClassRow& r) { return r.count == 0; });
  std::sort(rows.begin(), rows.end(), [&](const ClassRow& a, const ClassRow& b) {
    if (a.retained_size != b.retained_size) return a.retained_size > b.retained_size;
    const ClassKey& ka = classes.key(a.class_index);
    const ClassKey& kb = classes.key(b.class_index);
    if (ka.name != kb.name) return ka.name < kb.name;
    if (ka.location.has_value() != kb.location.has_value()) return kb.location.has_value();
    if (!ka.location) return a.class_index < b.class_index;
    const ScriptPosition& x = *ka.location;
    const ScriptPosition& y = *kb.location;
    return std::tie(x.script_id, x.line, x.column) < std::tie(y.script_id, y.line, y.column);
  });
  return rows;
}

}  // namespace leaktrail
