// A set of numbers below a limit that also tells how many members stand before one: with an array
// of as many values as members it is a map that takes a bit and a half for each absent number.
//
//   members {1, 4, 5}:  Rank(1) = 0, Rank(4) = 1, Rank(5) = 2
//
// Cost: O(1) all but Seal, which is O(limit / 64). 1.5 bits a number.
// Threads: members of the same 64 may not be inserted at once; frozen after Seal.
#pragma once

#include <cstdint>

#include "base/array.h"

namespace leaktrail {

// std::popcount calls a function where the compiler may not take it that the processor counts.
inline uint32_t OnesIn(uint64_t word) {
  word -= word >> 1 & 0x5555555555555555u;
  word = (word & 0x3333333333333333u) + (word >> 2 & 0x3333333333333333u);
  word = (word + (word >> 4)) & 0x0F0F0F0F0F0F0F0Fu;
  return static_cast<uint32_t>(word * 0x0101010101010101u >> 56);
}

class RankedBits {
 public:
  RankedBits() = default;
  explicit RankedBits(uint64_t limit) : limit_(limit), words_((limit + 63) / 64) {}

  uint64_t limit() const { return limit_; }
  bool contains(uint64_t i) const { return i < limit_ && (words_[i / 64] >> (i % 64) & 1) != 0; }
  void insert(uint64_t i) { words_[i / 64] |= uint64_t{1} << (i % 64); }
  void insert_if(bool member, uint64_t i) { words_[i / 64] |= uint64_t{member} << (i % 64); }
  // Bit i: whether 64 * index + i is a member. 64 * index < limit.
  uint64_t word(uint64_t index) const { return words_[index]; }
  const uint64_t* words() const { return words_.data(); }
  // Only after Seal.
  uint32_t size() const { return size_; }
  // No insert after this. Returns the number of members.
  uint32_t Seal() {
    before_ = Array<uint32_t>(words_.size());
    uint32_t count = 0;
    for (size_t w = 0; w < words_.size(); ++w) {
      before_[w] = count;
      count += OnesIn(words_[w]);
    }
    size_ = count;
    return count;
  }
  // Members below i. Only after Seal, for i < limit.
  uint32_t Rank(uint64_t i) const {
    const uint64_t below = words_[i / 64] & ((uint64_t{1} << (i % 64)) - 1);
    return before_[i / 64] + OnesIn(below);
  }
  // Calls visit(member, its rank) for the members from `first`, a multiple of 64, to `end`, in order.
  template <typename Visit>
  void ForEachFrom(uint64_t first, uint64_t end, const Visit& visit) const {
    for (; first < end; first += 64) {
      uint64_t word = words_[first / 64];
      if (end - first < 64) word &= (uint64_t{1} << (end - first)) - 1;
      for (uint32_t rank = before_[first / 64]; word != 0; word &= word - 1) {
        visit(first + static_cast<uint64_t>(__builtin_ctzll(word)), rank++);
      }
    }
  }

 private:
  uint64_t limit_ = 0;
  uint32_t size_ = 0;
  Array<uint64_t> words_;
  Array<uint32_t> before_;
};

}  // namespace leaktrail
