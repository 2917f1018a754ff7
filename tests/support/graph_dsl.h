// Heap graphs for tests, in a few lines of text.
//
//   root -> gc                      an element edge; the first node named is the root (synthetic)
//   root -shortcut global-> app     type and name
//   app -cache-> map                a property, which is the commonest kind
//   map -element 7-> entry          element and hidden edges are numbered
//   gc: synthetic "(GC roots)"      a node's type, name, …
//   map: object Map 32 @7 detached  … size, id and state; all of them may be left out
//   at app 12 3 4                   location: script, line, column
//   extra 24                        extra_native_bytes
//
// A node that is only named in an edge is an object of 8 bytes called like its label. Ids are 1, 3,
// 5, … in order of first mention unless given. Statements end with a line or with ';', comments
// begin with '#'. A mistake in the text throws std::invalid_argument.
#pragma once

#include <string_view>

#include "heap/graph.h"
#include "tests/support/snapshot_model.h"

namespace leaktrail::testing {

SnapshotModel ParseGraphDsl(std::string_view text);

// A graph and its labels.
class DslGraph {
 public:
  explicit DslGraph(std::string_view text)
      : model_(ParseGraphDsl(text)), graph_(BuildGraph(model_)) {}
  const HeapGraph& graph() const { return graph_; }
  const SnapshotModel& model() const { return model_; }
  NodeIndex operator[](std::string_view label) const { return NodeIndex(model_.node(label)); }
  const std::string& label(NodeIndex n) const { return model_.nodes[n.value()].label; }

 private:
  SnapshotModel model_;
  HeapGraph graph_;
};

}  // namespace leaktrail::testing
