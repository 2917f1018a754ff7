// Distances from the user roots, by DevTools' rules (a node reached over the second edge of a
// WeakMap pair, system distances, edges that do not count; docs/format.md).
#pragma once

#include <cstdint>

#include "base/array.h"
#include "heap/graph.h"

namespace leaktrail {

constexpr int32_t kNoDistance = -5;                   // not reached
constexpr int32_t kBaseSystemDistance = 100'000'000;  // reached only from the root itself

// By node. O(nodes + edges).
Array<int32_t> ComputeDistances(const HeapGraph& graph);

}  // namespace leaktrail
