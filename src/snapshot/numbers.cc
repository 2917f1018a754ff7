#include "snapshot/numbers.h"

namespace leaktrail {
namespace {
// No number that means anything has more digits; the chunk's margin holds as many.
constexpr long kMaxDigits = 40;

LEAKTRAIL_INLINE ChunkScan Scan(const Chunk& chunk) {
  ChunkScan scan;
  uint64_t carry = IsDigit(chunk.data[-1]) ? 1 : 0;
  for (size_t at = 0; at < chunk.size; at += kBlockBytes) {
    const Block block(chunk.data + at);
    const uint64_t valid = chunk.size - at < kBlockBytes ? LowBits(chunk.size - at) : ~uint64_t{0};
    const uint64_t digits = block.Digits();
    uint64_t others = ~(digits | block.Equal(',')) & valid;
    if (others != 0) others &= ~block.Space();
    uint64_t ends = ~digits & (digits << 1 | carry) & valid;
    carry = digits >> 63;
    if (others != 0) {
      const auto stop = static_cast<size_t>(__builtin_ctzll(others));
      // A number that this byte ends belongs to the array.
      ends &= LowBits(stop + 1);
      scan.count += static_cast<uint64_t>(__builtin_popcountll(ends));
      scan.stop_at[0] = scan.stop_at[1] = at + stop;
      scan.count_at_stop[0] = scan.count_at_stop[1] = scan.count;
      return scan;
    }
    scan.count += static_cast<uint64_t>(__builtin_popcountll(ends));
  }
  return scan;
}

LEAKTRAIL_MODERN ChunkScan ModernScan(const Chunk& chunk) { return Scan(chunk); }

}  // namespace

ChunkScan ScanNumbers(const Chunk& chunk) {
  return HasModernCpu() ? ModernScan(chunk) : Scan(chunk);
}

long FindNumber(const Chunk& chunk, uint64_t index) {
  for (size_t i = 0; i < chunk.size + 1; ++i) {
    const char* const p = chunk.data + i;
    if (IsDigit(*p) || !IsDigit(p[-1])) continue;
    if (index-- > 0) continue;
    long at = static_cast<long>(i);
    while (at > -static_cast<long>(kBlockBytes) && IsDigit(chunk.data[at - 1])) --at;
    return at;
  }
  return static_cast<long>(chunk.size);
}

namespace internal {

uint64_t ParseLongNumber(const char* end) {
  long digits = 0;
  while (digits < kMaxDigits && IsDigit(end[-1 - digits])) ++digits;
  if (digits == kMaxDigits) return ~uint64_t{0};  // what is before may be more than zeros
  uint64_t value = 0;
  for (const char* p = end - digits; p < end; ++p) {
    const auto digit = static_cast<uint64_t>(*p - '0');
    if (value > (~uint64_t{0} - digit) / 10) return ~uint64_t{0};
    value = value * 10 + digit;
  }
  return value;
}

}  // namespace internal
}  // namespace leaktrail
