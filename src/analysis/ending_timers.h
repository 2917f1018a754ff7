// Whether what grows will be let go by itself: one timer for each, that fires once.
//
//   sessions.set(id, session); setTimeout(() => sessions.delete(id), 60_000);
//
// Until the first of them fires, such a table grows with every request and nothing leaves it, in as
// many snapshots as one takes. The heap shows the timers: as many as items, each with `_repeat`
// null, in Node's list for their delay. (An interval has its delay in `_repeat`.)
// Source of the fields: Node, lib/internal/timers.js, from version 11 on.
//
// Cost: O(parts of the groups). Threads: pure.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "analysis/holders.h"

namespace leaktrail {

struct EndingTimer {
  std::string delay_ms;  // as Node's list of lists has it; "" unknown
};

// Of groups that are one suspect and have `items` items in the last snapshot.
std::optional<EndingTimer> FindEndingTimer(const LastSnapshot& last,
                                           std::span<const uint32_t> groups, uint64_t items);

}  // namespace leaktrail
