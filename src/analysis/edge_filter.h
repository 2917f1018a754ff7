// Which of many edges lead where they count: found without a branch for each, sixteen at once where
// the processor can, since no branch can be foreseen here.
//
// Cost: one look at each edge and at its target. Threads: none; may be called from several at once.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/ranked_bits.h"
#include "heap/graph.h"

namespace leaktrail {

// Writes those of edges [first, end) that are not weak and lead to members of `set`, ascending, and
// returns how many there are. The set's limit is the number of nodes. `found` has room for
// end - first + kEdgeFilterSlack.
inline constexpr size_t kEdgeFilterSlack = 16;
size_t FindEdgesInto(const RawEdge* edges, uint32_t first, uint32_t end, const RankedBits& set,
                     uint32_t* found);

}  // namespace leaktrail
