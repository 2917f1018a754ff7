// The numbers of nodes while the dominator tree is made: those of the walk for core nodes, then the
// outer nodes in their order, last ones after the others. Outer nodes' numbers follow from how many
// nodes of each kind stand before them, so only the core's are kept.
//
// Cost: of() is O(1), two or three looks into sets that a cache holds. 3 bits a node and 4 bytes a
// core node. Threads: frozen once it is filled in.
#pragma once

#include <cstdint>

#include "base/array.h"
#include "base/ranked_bits.h"

namespace leaktrail {

struct NodeNumbers {
  static constexpr uint32_t kRoot = 1;
  static constexpr uint32_t kNone = 0xFFFFFFFFu;  // a core node of an unreachable cycle

  uint32_t of(uint32_t node) const {
    return core.contains(node) ? of_core[core.Rank(node)] : of_outer(node);
  }
  uint32_t of_outer(uint32_t node) const {
    return last.contains(node) ? first_last + last.Rank(node) : first_early_from(node);
  }

  // Of the first outer node that is no last one from `node` on, if there is any.
  uint32_t first_early_from(uint32_t node) const {
    return first_outer + node - core.Rank(node) - last.Rank(node);
  }

  // Calls visit(node, its number) for the nodes from `first`, a multiple of 64, to `end`, in order;
  // quicker than of() for each.
  template <typename Visit>
  void ForEach(uint32_t first, uint32_t end, const Visit& visit) const {
    if (first >= end) return;
    uint32_t rank = core.Rank(first), last_before = last.Rank(first);
    for (uint32_t u = first; u < end; ++u) {
      const uint32_t in_core = core.word(u / 64) >> (u % 64) & 1;
      const uint32_t is_last = last.word(u / 64) >> (u % 64) & 1;
      const uint32_t as_core = of_core[rank < of_core.size() ? rank : 0];
      const uint32_t as_outer = first_outer + u - rank - last_before;
      visit(u, is_last != 0 ? first_last + last_before : in_core != 0 ? as_core : as_outer);
      rank += in_core;
      last_before += is_last;
    }
  }

  RankedBits core, last;    // nodes
  Array<uint32_t> of_core;  // by rank among the core nodes
  uint32_t first_outer = 0, first_last = 0;
};

}  // namespace leaktrail
