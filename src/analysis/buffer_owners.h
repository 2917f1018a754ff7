// Who holds the memory of array buffers: the objects of JavaScript that have them, grouped.
//
//   (backing store) ◀─ ArrayBuffer ◀─ Buffer ◀─frame─ Packet ◀─[]─ Array ◀─packets─ (scope) app.js
//   └───────── looked through ─────────────┘        Packet.frame, app › app.js:9
//
// A buffer belongs to the first object on its shortest way that is no view of it. Where that is a
// list or a table, the name that leads to it is told as well: "packets[]".
//
// Cost: a walk up from each backing store. Threads: pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "analysis/findings.h"
#include "analysis/holders.h"

namespace leaktrail {

// Most bytes first, at most `limit`.
std::vector<BufferOwner> FindBufferOwners(const LastSnapshot& last, size_t limit);

}  // namespace leaktrail
