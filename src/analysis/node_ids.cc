#include "analysis/diff.h"

namespace leaktrail {

bool NodeIdsComparable(const HeapGraph& base, const HeapGraph& current) {
  for (const HeapGraph* graph : {&base, &current}) {
    if (graph->note() && !graph->note()->node_ids_comparable) return false;
  }
  return true;
}

}  // namespace leaktrail
