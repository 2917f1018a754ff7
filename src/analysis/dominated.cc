#include "analysis/dominated.h"

#include <algorithm>
#include <unordered_map>

namespace leaktrail {

std::vector<DominatedNodes> FindDominated(const HeapGraph& graph, const DominatorTree& dominators,
                                          const Array<uint64_t>& retained,
                                          const ClassTable& classes,
                                          std::span<const NodeIndex> parents, size_t max_largest) {
  std::vector<DominatedNodes> found(parents.size());
  NodeSet is_parent(graph.node_count());
  std::unordered_map<uint32_t, size_t> slot_of;
  for (size_t i = 0; i < parents.size(); ++i) {
    is_parent.insert(parents[i]);
    slot_of[parents[i].value()] = i;
  }
  const auto larger = [&](NodeIndex a, NodeIndex b) {
    const uint64_t size_a = retained[a.value()], size_b = retained[b.value()];
    return size_a != size_b ? size_a > size_b : graph.id(a) < graph.id(b);
  };
  std::vector<std::unordered_map<uint32_t, DominatedClass>> by_class(parents.size());
  for (const NodeIndex n : graph.nodes()) {
    const NodeIndex parent = dominators.parent(n);
    if (!is_parent.contains(parent) || n == parent) continue;
    const size_t slot = slot_of[parent.value()];
    DominatedNodes& d = found[slot];
    ++d.count;
    d.retained_size += retained[n.value()];
    if (max_largest == 0) continue;
    DominatedClass& c = by_class[slot][classes.class_of(n).value()];
    c.class_index = classes.class_of(n);
    ++c.count;
    c.retained_size += retained[n.value()];
    // A heap whose top is the smallest that is kept.
    if (d.largest.size() < max_largest) {
      d.largest.push_back(n);
      std::push_heap(d.largest.begin(), d.largest.end(), larger);
    } else if (larger(n, d.largest.front())) {
      std::pop_heap(d.largest.begin(), d.largest.end(), larger);
      d.largest.back() = n;
      std::push_heap(d.largest.begin(), d.largest.end(), larger);
    }
  }
  for (size_t i = 0; i < found.size(); ++i) {
    std::sort(found[i].largest.begin(), found[i].largest.end(), larger);
    for (const auto& [index, c] : by_class[i]) found[i].classes.push_back(c);
    std::sort(found[i].classes.begin(), found[i].classes.end(),
              [](const DominatedClass& a, const DominatedClass& b) {
                return a.retained_size != b.retained_size ? a.retained_size > b.retained_size
                                                          : a.class_index < b.class_index;
              });
  }
  return found;
}

}  // namespace leaktrail
