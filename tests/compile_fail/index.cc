// Indices of different kinds do not mix, and numbers do not become indices by accident. Each macro
// adds one line that must not compile.

#include "heap/types.h"

namespace leaktrail {

bool IsRoot(NodeIndex n) { return n == NodeIndex(0); }

bool Use(NodeIndex node, EdgeIndex edge) {
  NodeIndex copy = node;
  bool same = copy == node && IsRoot(copy) && edge < EdgeIndex(3);
  for (NodeIndex n : IndexRange<NodeIndex>(0, 3)) same = same && n.valid();
#ifdef WRONG_COMPARE_KINDS
  same = same && node == edge;
#endif
#ifdef WRONG_ASSIGN_KIND
  copy = edge;
#endif
#ifdef WRONG_CONVERT_FROM_NUMBER
  copy = 7u;
#endif
#ifdef WRONG_CONVERT_TO_NUMBER
  const unsigned number = node;
  same = same && number == 7u;
#endif
#ifdef WRONG_PASS_KIND
  same = same && IsRoot(edge);
#endif
#ifdef WRONG_MIX_KINDS_IN_RANGE
  for (NodeIndex n : IndexRange<EdgeIndex>(0, 3)) same = same && n.valid();
#endif
  return same;
}

}  // namespace leaktrail
