// Arrays of unsigned numbers in text: finding where they end, and their values.
//
// Accepted between numbers: a comma and white space of any kind. Anything else but the closing
// bracket stops the scan; the caller decides what that means.
#pragma once

#include <cstdint>
#include <cstring>

#include "base/ascii.h"
#include "snapshot/blocks.h"
#include "snapshot/chunk_pipeline.h"

namespace leaktrail {

// Counts the numbers that end in the chunk, up to the first byte that is neither a digit, a comma
// nor white space.
ChunkScan ScanNumbers(const Chunk& chunk);

// Where in the chunk the number with this index (0: the first that ends in it) begins, as an
// offset from chunk.data; may be negative. For error messages.
long FindNumber(const Chunk& chunk, uint64_t index);

namespace internal {

constexpr uint64_t kAsciiZeros = 0x3030303030303030u;

// The value of the digits that end before `end`; at least one is there, and bytes before `end` can
// be read. Saturates at 2^64 - 1.
uint64_t ParseLongNumber(const char* end);

// The value of the digits that end before `end`, at least one of which is in the last 8 bytes;
// digits further to the left are not looked at. Eight digits at once: D. Lemire, "Quickly parsing
// eight digits" (2018), on the bytes before `end`, those before the number set to zero.
LEAKTRAIL_INLINE uint64_t ParseEightBytes(const char* end) {
  uint64_t w;
  std::memcpy(&w, end - 8, 8);
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

LEAKTRAIL_INLINE bool EightDigits(const char* end) {
  uint64_t w;
  std::memcpy(&w, end - 8, 8);
  return ((w ^ kAsciiZeros) & 0xF0F0F0F0F0F0F0F0u) == 0;
}

// As ParseLongNumber, quick up to 16 digits: node indices of large files have 9.
LEAKTRAIL_INLINE uint64_t ParseNumber(const char* end) {
  if (!EightDigits(end) || !IsDigit(end[-9])) return ParseEightBytes(end);
  if (EightDigits(end - 8) && IsDigit(end[-17])) return ParseLongNumber(end);
  return ParseEightBytes(end - 8) * 100'000'000u + ParseEightBytes(end);
}

}  // namespace internal

// Calls visit(uint64_t value) for the numbers that end in the task's chunk, in order.
template <typename Visit>
LEAKTRAIL_INLINE void ForEachNumber(const ChunkTask& task, const Visit& visit) {
  const Chunk& chunk = task.chunk;
  // The byte that stopped the section may be the one that ends a number.
  const size_t size = chunk.size + (task.stopped ? 1 : 0);
  uint64_t carry = static_cast<unsigned char>(chunk.data[-1] - '0') <= 9 ? 1 : 0;
  for (size_t at = 0; at < size; at += kBlockBytes) {
    const uint64_t digits = Block(chunk.data + at).Digits();
    uint64_t ends = ~digits & (digits << 1 | carry);
    carry = digits >> 63;
    if (size - at < kBlockBytes) ends &= LowBits(size - at);
    const char* const base = chunk.data + at;
    while (ends != 0) {
      visit(internal::ParseNumber(base + __builtin_ctzll(ends)));
      ends &= ends - 1;
    }
  }
}

}  // namespace leaktrail
