// In which of several snapshots of one process an object is there, by node id.
//
// Only odd ids are kept: V8 numbers JavaScript objects oddly and for good; the even ones of native
// nodes are hashes of addresses or are counted anew in each snapshot.
//
// Cost: 2 bytes for each id up to the largest (ids are dense in V8; where they are not, 6 bytes for
// each id that occurs, sorted). Threads: Add from one thread, reading from any number.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/array.h"
#include "heap/graph.h"

namespace leaktrail {

class LifeSpans {
 public:
  static constexpr size_t kMaxSnapshots = 250;
  struct Span {
    uint8_t first = 0, last = 0;
  };

  // In the order in which they were taken; at most kMaxSnapshots.
  explicit LifeSpans(std::span<const HeapGraph* const> graphs);

  static bool HasIdentity(uint32_t id) { return (id & 1) != 0; }
  // Of an id with identity that is in one of the graphs.
  Span of(uint32_t id) const;

 private:
  size_t SlotOf(uint32_t id) const;
  std::vector<uint32_t> sorted_ids_;  // empty: slots are id / 2
  Array<uint8_t> first_, last_;       // first is 1-based, 0: never seen
};

}  // namespace leaktrail
