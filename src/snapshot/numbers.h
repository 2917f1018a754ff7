// Arrays of unsigned numbers in text: finding where they end, and their values.
//
// Accepted between numbers: a comma and white space of any kind. Anything else but the closing
// bracket stops the scan; the caller decides what that means.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "base/ascii.h"
#include "snapshot/blocks.h"
#include "snapshot/chunk_pipeline.h"

namespace leaktrail {

// What the processor can do; all read the same.
enum class NumberCode { kPortable, kModern, kWide };
inline NumberCode BestNumberCode() {
  return HasWideCpu()     ? NumberCode::kWide
         : HasModernCpu() ? NumberCode::kModern
                          : NumberCode::kPortable;
}

// Counts the numbers that end in the chunk, up to the first byte that is neither a digit, a comma
// nor white space.
ChunkScan ScanNumbers(const Chunk& chunk, NumberCode code = BestNumberCode());

// Where in the chunk the number with this index (0: the first that ends in it) begins, as an
// offset from chunk.data; may be negative. For error messages.
long FindNumber(const Chunk& chunk, uint64_t index);

namespace internal {

constexpr uint64_t kAsciiZeros = 0x3030303030303030u;

// The value of the digits that end before `end`; at least one is there, and bytes before `end` can
// be read. Saturates at 2^64 - 1.
uint64_t ParseLongNumber(const char* end);

// The value of the digits at the end (the high bytes) of 8 bytes of text; there is at least one.
// Eight digits at once: D. Lemire, "Quickly parsing eight digits" (2018), those bytes before the
// number set to zero.
LEAKTRAIL_INLINE uint64_t ParseWord(uint64_t w) {
  w ^= kAsciiZeros;
  // Only digits, commas, white space and '[' occur here: a high nibble tells them apart.
  const uint64_t others = w & 0xF0F0F0F0F0F0F0F0u;
  // 0…56
  const unsigned drop_bits =
      others == 0 ? 0 : 64 - (static_cast<unsigned>(__builtin_clzll(others)) & ~7u);
  w = w >> drop_bits << drop_bits;
  w = w * 2561 >> 8;
  w = (w & 0x00FF00FF00FF00FFu) * 6553601 >> 16;
  return (w & 0x0000FFFF0000FFFFu) * 42949672960001u >> 32;
}

LEAKTRAIL_INLINE uint64_t WordBefore(const char* end) {
  uint64_t w;
  std::memcpy(&w, end - 8, 8);
  return w;
}

LEAKTRAIL_INLINE bool EightDigits(const char* end) {
  return ((WordBefore(end) ^ kAsciiZeros) & 0xF0F0F0F0F0F0F0F0u) == 0;
}

// As ParseLongNumber, quick up to 16 digits: node indices of large files have 9.
LEAKTRAIL_INLINE uint64_t ParseNumber(const char* end) {
  if (!EightDigits(end) || !IsDigit(end[-9])) return ParseWord(WordBefore(end));
  if (EightDigits(end - 8) && IsDigit(end[-17])) return ParseLongNumber(end);
  return ParseWord(WordBefore(end - 8)) * 100'000'000u + ParseWord(WordBefore(end));
}

}  // namespace internal

// A number that does not fit in 32 bits: its place in the batch, and its value.
struct LargeNumber {
  size_t at;
  uint64_t value;
};

// The numbers that end in a task's chunk, in order, in batches that stay in the first-level cache.
//
// A number of at most 8 digits is the 8 bytes before its end, so finding numbers is copying words,
// and eight of them at a time become values by the products of vector instructions. A wide processor
// puts the words of eight numbers into one register, out of the 128 bytes around them. Longer
// numbers, which a mask of nine digits in a row finds, are looked at by themselves.
class NumberBatches {
 public:
  static constexpr size_t kMost = 1020;  // a multiple of 2…6

  explicit NumberBatches(const ChunkTask& task, NumberCode code = BestNumberCode());

  // The next numbers modulo 2^32, as many as there are up to `most` (1…kMost); none at the end.
  // Valid until the next call.
  std::span<const uint32_t> Next(size_t most = kMost);
  // Those of the batch that are 2^32 or more, by place.
  std::span<const LargeNumber> large() const { return large_; }
  // Calls visit(size_t place, uint64_t value) for the numbers of the batch.
  template <typename Visit>
  void ForEachOfBatch(const Visit& visit) const {
    auto large = large_.begin();
    for (size_t j = 0; j < returned_; ++j) {
      const bool is_large = large != large_.end() && large->at == j;
      visit(j, is_large ? (large++)->value : uint64_t{values_[j]});
    }
  }

 private:
  LEAKTRAIL_INLINE void FillBody(size_t most);
  LEAKTRAIL_MODERN void ModernFill(size_t most);
  LEAKTRAIL_WIDE void WideFill(size_t most);
  LEAKTRAIL_INLINE void TakeLongNumbers(const char* base, uint64_t ends, uint64_t long_ends);

  const NumberCode code_;
  const char* const data_;
  const size_t size_;    // of the text; the byte that stopped the section may end a number
  size_t at_ = 0;        // in the text
  uint64_t digits_;      // the mask of the 64 bytes before
  size_t count_ = 0;     // numbers that are there
  size_t returned_ = 0;  // of these, those that were given out
  std::vector<LargeNumber> long_;  // of the numbers that are there: values with more than 8 digits
  std::vector<LargeNumber> large_;
  // One block more than a batch, and what is written in groups of eight.
  uint64_t words_[kMost + kBlockBytes];  // not used by wide processors
  uint32_t values_[kMost + kBlockBytes];
};

// Calls visit(uint64_t value) for the numbers that end in the task's chunk, in order.
template <typename Visit>
void ForEachNumber(const ChunkTask& task, const Visit& visit) {
  NumberBatches batches(task);
  while (!batches.Next().empty()) {
    batches.ForEachOfBatch([&](size_t, uint64_t value) { visit(value); });
  }
}

}  // namespace leaktrail
