// Writes the .heapsnapshot of a graph in the language of tests/support/graph_dsl.h.
//
//   leaktrail-graph-to-snapshot 20|24 < graph > file
#include <exception>
#include <iostream>
#include <iterator>
#include <string>

#include "tests/support/graph_dsl.h"

int main(int argc, char** argv) {
  using leaktrail::testing::SnapshotLayout;
  const std::string node = argc > 1 ? argv[1] : "20";
  const std::string text{std::istreambuf_iterator<char>(std::cin), {}};
  try {
    const auto layout = node == "10"   ? SnapshotLayout::kNode10
                        : node == "24" ? SnapshotLayout::kNode24
                                       : SnapshotLayout::kNode20;
    std::cout << WriteSnapshot(leaktrail::testing::ParseGraphDsl(text), layout);
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
  return std::cout.flush() ? 0 : 1;
}
