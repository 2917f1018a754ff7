#include "analysis/class_summary.h"

#include <algorithm>
#include <tuple>

namespace leaktrail {
namespace {

// Walks the dominator tree in preorder without child lists: `order` has every node after its
// dominator, so subtree counts come from one backward sweep, and each node's place is the next free
// one in its dominator's range.
struct TreePreorder {
  Array<uint32_t> node_at;   // preorder place → node
  Array<uint32_t> place_end; // by place: the first place after the subtree

  TreePreorder(const DominatorTree& tree, uint32_t n)
      : node_at(n), place_end(n) {
    Array<uint32_t> count(n);  // by node: size of the subtree, then the next free place in it
    for (uint32_t i = n; i-- > 1;) {
      const uint32_t v = tree.order[i];
      count[v] += 1;
      count[tree.idom[v]] += count[v];
    }
    const uint32_t root = tree.order[0];
    node_at[0] = root;
    place_end[0] = n;
    count[root] = 1;
    for (uint32_t i = 1; i < n; ++i) {
      const uint32_t v = tree.order[i];
      uint32_t& next = count[tree.idom[v]];
      const uint32_t place = next;
      next += count[v];
      place_end[place] = next;
      node_at[place] = v;
      count[v] = place + 1;
    }
  }
};

}  // namespace

std::vector<ClassRow> ComputeClassSummary(const HeapGraph& graph, const ClassTable& classes,
                                          const ShallowSizes& shallow,
                                          const DominatorTree& dominators,
                                          const Array<uint64_t>& retained) {
  const uint32_t n = graph.node_count();
  std::vector<ClassRow> rows(classes.keys.size());
  for (uint32_t c = 0; c < rows.size(); ++c) rows[c].class_index = ClassIndex(c);
  if (n == 0) return {};
  {
    const TreePreorder tree(dominators, n);
    // A class is open from its topmost instance to the end of that instance's subtree.
    std::vector<uint32_t> open_until(rows.size(), 0);
    for (uint32_t place = 0; place < n; ++place) {
      const uint32_t v = tree.node_at[place];
      const uint64_t size = shallow.of(NodeIndex(v));
      if (size == 0) continue;
      const uint32_t c = classes.class_of_node[v];
      ClassRow& row = rows[c];
      ++row.count;
      row.shallow_size += size;
      if (place >= open_until[c]) {
        row.retained_size += retained[v];
        open_until[c] = tree.place_end[place];
      }
    }
  }
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
