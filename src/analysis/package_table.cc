#include "analysis/package_table.h"

#include <algorithm>
#include <map>

namespace leaktrail {
namespace {

constexpr uint64_t Saturated(uint64_t a, uint64_t b) {
  return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

// A node counts unless one above it is of the same row: a walk of the dominator tree that knows how
// many of each row are open.
template <typename RowOfNode>
void AddRetained(const HeapGraph& graph, const DominatorTree& dominators,
                 const Array<uint64_t>& retained, const RowOfNode& row_of,
                 std::vector<PackageRow>& rows) {
  const uint32_t count = graph.node_count();
  Array<uint32_t> first_child(count), next_sibling(count);  // 0: none; the root is no child
  if (count == 0 || first_child.empty() || next_sibling.empty()) return;
  for (size_t i = dominators.order.size(); i-- > 1;) {
    const uint32_t n = dominators.order[i], parent = dominators.idom[n];
    next_sibling[n] = first_child[parent];
    first_child[parent] = n;
  }
  std::vector<uint32_t> open(rows.size());
  const auto enter = [&](uint32_t n) {
    PackageRow& row = rows[row_of(n)];
    if (open[row_of(n)]++ == 0) row.retained_size = Saturated(row.retained_size, retained[n]);
  };
  uint32_t n = 0;
  enter(n);
  for (;;) {
    if (first_child[n] != 0) {
      n = first_child[n];
    } else {
      while (n != 0 && next_sibling[n] == 0) {
        --open[row_of(n)];
        n = dominators.idom[n];
      }
      if (n == 0) return;
      --open[row_of(n)];
      n = next_sibling[n];
    }
    enter(n);
  }
}

int64_t Delta(uint64_t now, uint64_t before) { return static_cast<int64_t>(now - before); }

void SortByRetained(std::vector<PackageRow>& rows) {
  std::sort(rows.begin(), rows.end(), [](const PackageRow& a, const PackageRow& b) {
    if (a.retained_size != b.retained_size) return a.retained_size > b.retained_size;
    return a.package < b.package;
  });
}

}  // namespace

PackageTable ComputePackageTable(const HeapGraph& graph, const PackageMap& packages,
                                 const DominatorTree& dominators, const ShallowSizes& shallow,
                                 const Array<uint64_t>& retained) {
  // Packages with one label share a row.
  std::map<std::string, uint32_t> row_of_label;
  std::vector<uint32_t> row_of(packages.packages.size());
  PackageTable table;
  for (size_t i = 0; i < packages.packages.size(); ++i) {
    const std::string label = packages.packages[i].label();
    const auto [it, fresh] = row_of_label.emplace(label, static_cast<uint32_t>(table.rows.size()));
    if (fresh) table.rows.push_back({.package = label});
    row_of[i] = it->second;
  }
  if (table.rows.empty()) return table;
  for (const Script& s : packages.scripts) ++table.rows[row_of[s.package.value()]].file_count;
  for (const uint32_t n : dominators.order) {
    PackageRow& row = table.rows[row_of[packages.charged[n]]];
    const uint64_t size = shallow.of(NodeIndex(n));
    row.count += size > 0;
    row.shallow_size = Saturated(row.shallow_size, size);
    table.total_shallow_size = Saturated(table.total_shallow_size, size);
  }
  const auto row_of_node = [&](uint32_t n) -> uint32_t { return row_of[packages.charged[n]]; };
  AddRetained(graph, dominators, retained, row_of_node, table.rows);
  SortByRetained(table.rows);
  return table;
}

PackageTable ComparePackageTables(const PackageTable& base, const PackageTable& current) {
  PackageTable out = current;
  out.has_deltas = true;
  std::map<std::string, const PackageRow*> before;
  for (const PackageRow& row : base.rows) before.emplace(row.package, &row);
  for (PackageRow& row : out.rows) {
    const auto it = before.find(row.package);
    const PackageRow none;
    const PackageRow& old = it == before.end() ? none : *it->second;
    row.count_delta = Delta(row.count, old.count);
    row.size_delta = Delta(row.shallow_size, old.shallow_size);
    if (it != before.end()) before.erase(it);
  }
  for (const auto& [name, old] : before) {
    PackageRow gone{.package = name};
    gone.count_delta = Delta(0, old->count);
    gone.size_delta = Delta(0, old->shallow_size);
    out.rows.push_back(gone);
  }
  std::sort(out.rows.begin(), out.rows.end(), [](const PackageRow& a, const PackageRow& b) {
    if (a.size_delta != b.size_delta) return a.size_delta > b.size_delta;
    return a.package < b.package;
  });
  return out;
}

}  // namespace leaktrail
