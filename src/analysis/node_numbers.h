// The numbers of nodes while the dominator tree is made: those of the walk for core nodes, then the
// outer nodes in their order, last ones after the others. Outer nodes' numbers follow from how many
// nodes of each kind stand before them, so only the core's are kept.
//
// Cost: of() is O(1), a look into a table that a cache holds, and a second one for core nodes. 3 bits
// a node and 4 bytes a core node. Threads: frozen once it is made.
#pragma once

#include <cstdint>
#include <utility>

#include "base/array.h"
#include "base/ranked_bits.h"

namespace leaktrail {

class NodeNumbers {
 public:
  static constexpr uint32_t kRoot = 1;
  static constexpr uint32_t kNone = 0xFFFFFFFFu;  // a core node of an unreachable cycle

  NodeNumbers() = default;
  // `of_core` are the numbers of the core nodes, by rank; the largest of them is `last_of_core`.
  NodeNumbers(const RankedBits& core, const RankedBits& last, Array<uint32_t> of_core,
              uint32_t last_of_core)
      : words_((core.limit() + 63) / 64),
        of_core_(std::move(of_core)),
        first_outer_(last_of_core + 1),
        first_last_(first_outer_ + static_cast<uint32_t>(core.limit()) - core.size() -
                    last.size()) {
    uint32_t core_before = 0, both_before = 0;
    for (size_t i = 0; i < words_.size(); ++i) {
      words_[i] = {core.word(i), last.word(i), core_before, both_before};
      core_before += OnesIn(core.word(i));
      both_before += OnesIn(core.word(i) | last.word(i));
    }
  }

  uint32_t first_outer() const { return first_outer_; }
  uint32_t core_count() const { return static_cast<uint32_t>(of_core_.size()); }

  uint32_t of(uint32_t node) const {
    const Word& w = words_[node / 64];
    if ((w.core >> (node % 64) & 1) == 0) return of_outer(node);
    return of_core_[w.core_before + OnesIn(w.core & Below(node))];
  }
  uint32_t of_outer(uint32_t node) const {
    const Word& w = words_[node / 64];
    if ((w.last >> (node % 64) & 1) == 0) return first_early_from(node);
    return first_last_ + w.both_before - w.core_before + OnesIn(w.last & Below(node));
  }

  // Of the first outer node that is no last one from `node` on, if there is any.
  uint32_t first_early_from(uint32_t node) const {
    const Word& w = words_[node / 64];
    return first_outer_ + node - w.both_before - OnesIn((w.core | w.last) & Below(node));
  }

  // Calls visit(node, its rank, its number) for the core nodes from `first`, a multiple of 64, to `end`.
  template <typename Visit>
  void ForEachCoreNode(uint32_t first, uint32_t end, const Visit& visit) const {
    for (; first < end; first += 64) {
      uint64_t core = words_[first / 64].core;
      if (end - first < 64) core &= Below(end);
      for (uint32_t rank = words_[first / 64].core_before; core != 0; core &= core - 1) {
        visit(first + static_cast<uint32_t>(__builtin_ctzll(core)), rank, of_core_[rank]);
        ++rank;
      }
    }
  }

  // Calls visit(node, its number) for the nodes from `first`, a multiple of 64, to `end`, in order;
  // quicker than of() for each.
  template <typename Visit>
  void ForEach(uint32_t first, uint32_t end, const Visit& visit) const {
    if (first >= end) return;
    uint32_t rank = words_[first / 64].core_before;
    uint32_t last_before = words_[first / 64].both_before - rank;
    for (uint32_t u = first; u < end; ++u) {
      const Word& w = words_[u / 64];
      const uint32_t in_core = w.core >> (u % 64) & 1, is_last = w.last >> (u % 64) & 1;
      const uint32_t as_core = of_core_[rank < of_core_.size() ? rank : 0];
      const uint32_t as_outer = first_outer_ + u - rank - last_before;
      visit(u, is_last != 0 ? first_last_ + last_before : in_core != 0 ? as_core : as_outer);
      rank += in_core;
      last_before += is_last;
    }
  }

 private:
  // Of 64 nodes, the first one in the lowest bit.
  struct Word {
    uint64_t core, last;
    uint32_t core_before, both_before;  // nodes of these kinds before the word's, and of either
  };
  static uint64_t Below(uint32_t node) { return (uint64_t{1} << (node % 64)) - 1; }

  Array<Word> words_;
  Array<uint32_t> of_core_;  // by rank among the core nodes
  uint32_t first_outer_ = 0, first_last_ = 0;
};

}  // namespace leaktrail
