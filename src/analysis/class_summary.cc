#include "analysis/class_summary.h"

#include <algorithm>
#include <tuple>

#include "base/parallel.h"

namespace leaktrail {

namespace {

// In a preorder of the dominator tree a topmost instance of a class is one that comes after the
// range of the topmost instance before it; what it retains is the growth of the running sum over
// its own range. Ranges nest, so a stack closes them in time.
//
// A range of places can be added up by itself: the instances that it lies in are the ancestors of
// its first place, and what a topmost instance retains is the sum of its parts.
class ClassSums {
 public:
  ClassSums(const ClassTable& classes, const ShallowSizes& shallow, const DominatorTree& dominators)
      : classes_(classes), shallow_(shallow), tree_(dominators) {}

  std::vector<ClassRow> Run(unsigned threads) {
    const size_t n = tree_.order.size();
    std::vector<std::vector<ClassRow>> parts(std::clamp(threads, 1u, kMostParts));
    RunWorkers(static_cast<unsigned>(parts.size()), [&](unsigned k) {
      parts[k] = Sum(static_cast<uint32_t>(n * k / parts.size()),
                     static_cast<uint32_t>(n * (k + 1) / parts.size()));
    });
    std::vector<ClassRow> rows = std::move(parts[0]);
    for (size_t k = 1; k < parts.size(); ++k) {
      for (size_t c = 0; c < rows.size(); ++c) {
        rows[c].count += parts[k][c].count;
        rows[c].shallow_size += parts[k][c].shallow_size;
        rows[c].retained_size += parts[k][c].retained_size;
      }
    }
    return rows;
  }

 private:
  struct Open {
    uint32_t class_index, end;
    uint64_t before;
  };

  // Of the places [first, last).
  std::vector<ClassRow> Sum(uint32_t first, uint32_t last) const {
    constexpr uint32_t kAhead = 64;
    const std::span<const uint16_t> small = shallow_.small();
    std::vector<ClassRow> rows(classes_.keys.size());
    for (uint32_t c = 0; c < rows.size(); ++c) rows[c].class_index = ClassIndex(c);
    std::vector<uint32_t> open_until(rows.size(), 0);
    std::vector<Open> open;
    uint64_t sum = 0;
    const auto enter = [&](uint32_t place, uint32_t c) {
      if (place < open_until[c]) return;
      open_until[c] = tree_.subtree_end[place];
      open.push_back({c, open_until[c], sum});
    };
    const auto close = [&](uint32_t place) {
      while (!open.empty() && open.back().end <= place) {
        rows[open.back().class_index].retained_size += sum - open.back().before;
        open.pop_back();
      }
    };
    ForEachAncestor(first, [&](uint32_t place) {
      const uint32_t v = tree_.order[place];
      if (small[v] != 0) enter(place, classes_.class_of_node[v]);
    });
    for (uint32_t place = first; place < last; ++place) {
      if (place + kAhead < last) {
        const uint32_t soon = tree_.order[place + kAhead];
        __builtin_prefetch(&small[soon]);
        classes_.class_of_node.Prefetch(soon);
      }
      const uint32_t v = tree_.order[place];
      const uint64_t size = shallow_.size_of(v);
      if (size == 0) continue;
      close(place);
      const uint32_t c = classes_.class_of_node[v];
      ClassRow& row = rows[c];
      ++row.count;
      row.shallow_size += size;
      // Most instances are leaves of the tree.
      if (tree_.subtree_end[place] != place + 1) {
        enter(place, c);
      } else if (place >= open_until[c]) {
        row.retained_size += size;
      }
      sum += size;
    }
    close(static_cast<uint32_t>(tree_.order.size()));
    return rows;
  }

  // Calls visit(place) for those whose subtree goes on at `place`, the root first.
  template <typename Visit>
  void ForEachAncestor(uint32_t place, const Visit& visit) const {
    for (uint32_t at = 0; at < place;) {
      if (tree_.subtree_end[at] <= place) {
        at = tree_.subtree_end[at];
      } else {
        visit(at++);
      }
    }
  }

  static constexpr unsigned kMostParts = 4;
  const ClassTable& classes_;
  const ShallowSizes& shallow_;
  const DominatorTree& tree_;
};

}  // namespace

std::vector<ClassRow> ComputeClassSummary(const HeapGraph& graph, const ClassTable& classes,
                                          const ShallowSizes& shallow,
                                          const DominatorTree& dominators, unsigned threads) {
  if (graph.node_count() == 0) return {};
  std::vector<ClassRow> rows = ClassSums(classes, shallow, dominators).Run(threads);
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
