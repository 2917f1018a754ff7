// A set of numbers below a limit that also tells how many members stand before one: with an array
// of as many values as members it is a map that takes a bit and a half for each absent number.
//
//   members {1, 4, 5}:  Rank(1) = 0, Rank(4) = 1, Rank(5) = 2
//
// Cost: O(1) all but Seal, which is O(limit / 64). 1.5 bits a number.
// Threads: members of the same 64 may not be inserted at once; frozen after Seal.
#pragma once

#include <bit>
#include <cstdint>

#include "base/array.h"

namespace leaktrail {

class RankedBits {
 public:
  RankedBits() = default;
  explicit RankedBits(uint64_t limit) : limit_(limit), words_((limit + 63) / 64) {}

  uint64_t limit() const { return limit_; }
  bool contains(uint64_t i) const { return i < limit_ && (words_[i / 64] >> (i % 64) & 1) != 0; }
  void insert(uint64_t i) { words_[i / 64] |= uint64_t{1} << (i % 64); }
  // No insert after this. Returns the number of members.
  uint32_t Seal() {
    before_ = Array<uint32_t>(words_.size());
    uint32_t count = 0;
    for (size_t w = 0; w < words_.size(); ++w) {
      before_[w] = count;
      count += static_cast<uint32_t>(std::popcount(words_[w]));
    }
    return count;
  }
  // Members below i. Only after Seal, for i < limit.
  uint32_t Rank(uint64_t i) const {
    const uint64_t below = words_[i / 64] & ((uint64_t{1} << (i % 64)) - 1);
    return before_[i / 64] + static_cast<uint32_t>(std::popcount(below));
  }

 private:
  uint64_t limit_ = 0;
  Array<uint64_t> words_;
  Array<uint32_t> before_;
};

}  // namespace leaktrail
