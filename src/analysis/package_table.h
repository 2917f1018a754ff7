// Bytes per package. Rows add up: every node is in exactly one row, "(unattributed)" among them.
//
// Retained size of a package is the sum over its topmost nodes in the dominator tree, so what a
// package's objects keep of other packages is counted there too; retained sizes overlap, shallow
// sizes do not.
// Two installed versions of one package are two rows; two folders with the same version are one.
//
// Cost: two walks of the dominator tree, 8 bytes a node. Threads: values.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "analysis/packages.h"
#include "analysis/sizes.h"

namespace leaktrail {

struct PackageRow {
  std::string package;  // label: "@acme/lib@1.2.3", "app", "node", "(generated)", "(unattributed)"
  uint64_t file_count = 0;  // scripts in the heap
  uint64_t count = 0;       // nodes with a shallow size
  uint64_t shallow_size = 0;
  uint64_t retained_size = 0;
  // Only in a comparison: this snapshot minus the base.
  int64_t count_delta = 0;
  int64_t size_delta = 0;  // of shallow sizes
};

struct PackageTable {
  std::vector<PackageRow> rows;  // largest retained size first, then name
  uint64_t total_shallow_size = 0;
  bool has_deltas = false;
};

PackageTable ComputePackageTable(const HeapGraph& graph, const PackageMap& packages,
                                 const DominatorTree& dominators, const ShallowSizes& shallow,
                                 const Array<uint64_t>& retained);

// `current` with deltas; packages that only the base has get a row with a count of 0. Largest
// size delta first, then name.
PackageTable ComparePackageTables(const PackageTable& base, const PackageTable& current);

}  // namespace leaktrail
