// Where the keys of a table come from: a table whose keys are of a limited range fills and then
// stays.
//
// A leak and a table of labels or templates look alike while the table fills. What differs is the
// keys. Those of a leak are new each time: a counter that rises, a token. Those of a table that
// fills come from a range that its first entries already span, in whatever order:
//
//   leak     k0 k1 k2 k3 | k4 k5 k6 k7        second half lies outside of the first half's range
//   filling  k3 k18 k0 k9 | k12 k7 k15 k1     second half lies inside, and much of it is there
//
// Maps and sets keep the order of insertion; for objects and arrays that serve as tables, entries
// are older if their values were there in the first snapshot. An array without holes is a list.
//
// Keys without a common number are told by their words: "red-blue-tall", where each word was there
// among the older keys and a good part of all combinations is.
//
// Small integers are not in a snapshot. Of a table with such keys nothing can be told; few entries
// may be all that there will be.
//
// Layout of tables: V8, objects/ordered-hash-table.h.
//
// Cost: O(entries) of one container; at most kMaxSample texts are read. Threads: pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "analysis/holders.h"

namespace leaktrail {

enum class KeySpace : uint8_t {
  kOpen,     // no limit to be seen, or no table
  kLimited,  // numbers of one range, of which a good part is there
  kHidden,   // small integers
};

struct TableKeys {
  KeySpace space = KeySpace::kOpen;
  uint64_t entry_count = 0;  // that the snapshot shows
};

TableKeys FindTableKeys(const LastSnapshot& last, NodeIndex container);

// Of the texts of keys, older ones and newer ones. `entry_count` is the number of all, of which the
// texts may be a sample.
KeySpace JudgeKeys(std::span<const std::string> older, std::span<const std::string> newer,
                   uint64_t entry_count);

}  // namespace leaktrail
