// Which of many nodes are of some types and have one of the well-known names: found without a branch
// for each, since none can be foreseen here.
//
// Cost: one look at each node. Threads: none; may be called from several at once.
#pragma once

#include <cstddef>
#include <cstdint>

#include "heap/graph.h"

namespace leaktrail {

// A bit a type.
constexpr uint32_t TypeBit(NodeType type) { return 1u << static_cast<unsigned>(type); }

// Writes those of nodes [first, end), ascending, and returns how many there are. `found` has room for
// end - first + 1.
size_t FindNodesNamed(const HeapGraph& graph, uint32_t first, uint32_t end, uint32_t types,
                      WellKnown name, uint32_t* found);

}  // namespace leaktrail
