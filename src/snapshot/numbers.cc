#include "snapshot/numbers.h"

#include <algorithm>

#if defined(__x86_64__)
#include "base/wide_vectors.h"
#endif

namespace leaktrail {
namespace {
// No number that means anything has more digits; the chunk's margin holds as many.
constexpr long kMaxDigits = 40;

// Bit i speaks of byte i of 64.
struct TextMasks {
  uint64_t digits;
  uint64_t others;  // neither digits nor commas
};
constexpr size_t kBlocksAtOnce = 32;

void FindMasks(const char* text, size_t blocks, TextMasks* masks) {
  for (size_t k = 0; k < blocks; ++k) {
    const Block block(text + k * kBlockBytes);
    const uint64_t digits = block.Digits();
    masks[k] = {digits, ~(digits | block.Equal(','))};
  }
}

#if defined(__x86_64__)
LEAKTRAIL_WIDE void WideFindMasks(const char* text, size_t blocks, TextMasks* masks) {
  for (size_t k = 0; k < blocks; ++k) {
    const __m512i block = _mm512_loadu_si512(text + k * kBlockBytes);
    const uint64_t digits =
        _mm512_cmple_epu8_mask(_mm512_sub_epi8(block, _mm512_set1_epi8('0')), _mm512_set1_epi8(9));
    masks[k] = {digits, ~(digits | _mm512_cmpeq_epi8_mask(block, _mm512_set1_epi8(',')))};
  }
}
#else
void WideFindMasks(const char* text, size_t blocks, TextMasks* masks) {
  FindMasks(text, blocks, masks);
}
#endif

LEAKTRAIL_INLINE ChunkScan Scan(const Chunk& chunk, decltype(FindMasks)& find_masks) {
  ChunkScan scan;
  TextMasks masks[kBlocksAtOnce];
  uint64_t carry = IsDigit(chunk.data[-1]) ? 1 : 0;
  for (size_t at = 0, k = 0; at < chunk.size; at += kBlockBytes, ++k) {
    if (k % kBlocksAtOnce == 0) {
      const size_t blocks = (chunk.size - at + kBlockBytes - 1) / kBlockBytes;
      find_masks(chunk.data + at, std::min(blocks, kBlocksAtOnce), masks);
    }
    const auto [digits, no_numbers] = masks[k % kBlocksAtOnce];
    const uint64_t valid = chunk.size - at < kBlockBytes ? LowBits(chunk.size - at) : ~uint64_t{0};
    uint64_t others = no_numbers & valid;
    if (others != 0) others &= ~Block(chunk.data + at).Space();
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

LEAKTRAIL_MODERN ChunkScan ModernScan(const Chunk& chunk, decltype(FindMasks)& find_masks) {
  return Scan(chunk, find_masks);
}

}  // namespace

ChunkScan ScanNumbers(const Chunk& chunk, NumberCode code) {
  switch (code) {
    case NumberCode::kWide:
      return ModernScan(chunk, WideFindMasks);
    case NumberCode::kModern:
      return ModernScan(chunk, FindMasks);
    case NumberCode::kPortable:
      break;
  }
  return Scan(chunk, FindMasks);
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

// --- batches ------------------------------------------------------------------------------------

namespace {

constexpr size_t kGroup = 8;  // words that become values together

void ConvertWords(const uint64_t* words, uint32_t* values, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    values[i] = static_cast<uint32_t>(internal::ParseWord(words[i]));
  }
}

constexpr uint64_t kLastBit = uint64_t{1} << 63;

// Bit i: the nine bytes before byte i are digits. `before` is the mask of the 64 bytes before.
LEAKTRAIL_INLINE uint64_t AfterNineDigits(uint64_t digits, uint64_t before) {
  const uint64_t two_before = before & before << 1, four_before = two_before & two_before << 2;
  const uint64_t two = digits & (digits << 1 | before >> 63);
  const uint64_t four = two & (two << 2 | two_before >> 62);
  const uint64_t eight = four & (four << 4 | four_before >> 60);
  const uint64_t nine = eight & (digits << 8 | before >> 56);
  return nine << 1 | (before >> 55 == 0x1FF ? 1 : 0);
}

#if defined(__x86_64__)
// Four words: the pairs of numbers that their first and last four digits are.
LEAKTRAIL_MODERN LEAKTRAIL_INLINE __m256i FourDigitsEach(const uint64_t* words) {
  __m256i w = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(words));
  w = _mm256_xor_si256(w, _mm256_set1_epi8('0'));
  // Bytes that are no digits, and all before them: text runs from the low byte to the high one.
  __m256i others = _mm256_cmpgt_epi8(w, _mm256_set1_epi8(9));
  others = _mm256_or_si256(others, _mm256_srli_epi64(others, 8));
  others = _mm256_or_si256(others, _mm256_srli_epi64(others, 16));
  others = _mm256_or_si256(others, _mm256_srli_epi64(others, 32));
  w = _mm256_andnot_si256(others, w);
  w = _mm256_maddubs_epi16(w, _mm256_set1_epi16(1 << 8 | 10));
  return _mm256_madd_epi16(w, _mm256_set1_epi32(1 << 16 | 100));
}

// Reads and writes whole groups.
LEAKTRAIL_MODERN void ModernConvertWords(const uint64_t* words, uint32_t* values, size_t count) {
  for (size_t i = 0; i < count; i += kGroup) {
    const __m256i pairs =
        _mm256_packus_epi32(FourDigitsEach(words + i), FourDigitsEach(words + i + 4));
    const __m256i mixed = _mm256_madd_epi16(pairs, _mm256_set1_epi32(1 << 16 | 10'000));
    // The instructions work on halves of 128 bits: words 0, 1, 4, 5, 2, 3, 6, 7.
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(values + i),
                        _mm256_permute4x64_epi64(mixed, 0b11011000));
  }
}
#else
void ModernConvertWords(const uint64_t* words, uint32_t* values, size_t count) {
  ConvertWords(words, values, count);
}
#endif

}  // namespace

NumberBatches::NumberBatches(const ChunkTask& task, NumberCode code)
    : code_(code),
      data_(task.chunk.data),
      size_(task.chunk.size + (task.stopped ? 1 : 0)),
      digits_(Block(task.chunk.data - kBlockBytes).Digits()) {}

std::span<const uint32_t> NumberBatches::Next(size_t most) {
  // What was found beyond the last batch comes first.
  if (code_ == NumberCode::kWide) {
    std::copy(values_ + returned_, values_ + count_, values_);
  } else {
    std::copy(words_ + returned_, words_ + count_, words_);
  }
  std::erase_if(long_, [&](const LargeNumber& l) { return l.at < returned_; });
  for (LargeNumber& l : long_) l.at -= returned_;
  count_ -= returned_;
  switch (code_) {
    case NumberCode::kWide:
      WideFill(most);
      break;
    case NumberCode::kModern:
      ModernFill(most);
      break;
    case NumberCode::kPortable:
      FillBody(most);
  }
  returned_ = std::min(count_, most);
  if (code_ == NumberCode::kModern) {
    ModernConvertWords(words_, values_, returned_);
  } else if (code_ == NumberCode::kPortable) {
    ConvertWords(words_, values_, returned_);
  }
  large_.clear();
  for (const LargeNumber& l : long_) {
    if (l.at >= returned_) break;
    values_[l.at] = static_cast<uint32_t>(l.value);
    if (l.value > ~uint32_t{0}) large_.push_back(l);
  }
  return {values_, returned_};
}

LEAKTRAIL_MODERN void NumberBatches::ModernFill(size_t most) { FillBody(most); }

// Blocks of text until there are as many words as asked for.
LEAKTRAIL_INLINE void NumberBatches::FillBody(size_t most) {
  size_t count = count_, at = at_;
  uint64_t before = digits_;
  for (; at < size_ && count < most; at += kBlockBytes) {
    const char* const base = data_ + at;
    const uint64_t digits = Block(base).Digits();
    uint64_t ends = ~digits & (digits << 1 | before >> 63);
    if (size_ - at < kBlockBytes) ends &= LowBits(size_ - at);
    if (const uint64_t long_ends = ends & AfterNineDigits(digits, before); long_ends != 0) {
      count_ = count;
      TakeLongNumbers(base, ends, long_ends);
    }
    before = digits;
    uint64_t* out = words_ + count;
    count += static_cast<size_t>(__builtin_popcountll(ends));
    // In groups, so that how many there are is seldom guessed wrong; what is too much is written over.
    while (ends != 0) {
      for (size_t k = 0; k < 8; ++k) {
        out[k] = internal::WordBefore(base + __builtin_ctzll(ends | kLastBit));
        ends &= ends - 1;
      }
      out += 8;
    }
  }
  count_ = count;
  at_ = at;
  digits_ = before;
}

#if defined(__x86_64__)
namespace {

// The values of eight words. As FourDigitsEach, but that what is no digit, and all before it, is cut
// off by the count of the digits.
LEAKTRAIL_WIDE LEAKTRAIL_INLINE __m256i EightValues(__m512i words) {
  __m512i w = _mm512_sub_epi8(words, _mm512_set1_epi8('0'));
  const __m512i others = _mm512_movm_epi8(_mm512_cmpgt_epu8_mask(w, _mm512_set1_epi8(9)));
  const __m512i digit_bits = _mm512_lzcnt_epi64(others);  // 64 if all are
  w = _mm512_and_si512(w, _mm512_sllv_epi64(_mm512_set1_epi64(-1),
                                            _mm512_sub_epi64(_mm512_set1_epi64(64), digit_bits)));
  w = _mm512_maddubs_epi16(w, _mm512_set1_epi16(1 << 8 | 10));
  w = _mm512_madd_epi16(w, _mm512_set1_epi32(1 << 16 | 100));
  w = _mm512_add_epi64(_mm512_mul_epu32(w, _mm512_set1_epi64(10'000)), _mm512_srli_epi64(w, 32));
  return _mm512_cvtepi64_epi32(w);
}

}  // namespace

// As FillBody, but that values are what is kept.
LEAKTRAIL_WIDE void NumberBatches::WideFill(size_t most) {
  const __m512i byte_numbers = _mm512_set_epi8(
      63, 62, 61, 60, 59, 58, 57, 56, 55, 54, 53, 52, 51, 50, 49, 48, 47, 46, 45, 44, 43, 42, 41,
      40, 39, 38, 37, 36, 35, 34, 33, 32, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18,
      17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
  const __m512i byte_of_word = _mm512_and_si512(byte_numbers, _mm512_set1_epi8(7));
  const __m512i word_of_byte =
      _mm512_and_si512(_mm512_srli_epi16(byte_numbers, 3), _mm512_set1_epi8(7));
  // From the end of a number in a block to the bytes of its word in that block and the one before.
  const __m512i to_word = _mm512_add_epi8(byte_of_word, _mm512_set1_epi8(kBlockBytes - kGroup));
  size_t count = count_, at = at_;
  uint64_t before = digits_;
  __m512i block_before = _mm512_loadu_si512(data_ + at - kBlockBytes);
  for (; at < size_ && count < most; at += kBlockBytes) {
    const char* const base = data_ + at;
    const __m512i block = _mm512_loadu_si512(base);
    const uint64_t digits =
        _mm512_cmple_epu8_mask(_mm512_sub_epi8(block, _mm512_set1_epi8('0')), _mm512_set1_epi8(9));
    uint64_t ends = ~digits & (digits << 1 | before >> 63);
    if (size_ - at < kBlockBytes) ends &= LowBits(size_ - at);
    if (const uint64_t long_ends = ends & AfterNineDigits(digits, before); long_ends != 0) {
      count_ = count;
      TakeLongNumbers(base, ends, long_ends);
    }
    before = digits;
    const auto found = static_cast<size_t>(__builtin_popcountll(ends));
    const __m512i positions = _mm512_maskz_compress_epi8(ends, byte_numbers);
    __m512i group = word_of_byte;
    for (size_t k = 0; k < found; k += kGroup) {
      const __m512i bytes = _mm512_add_epi8(_mm512_permutexvar_epi8(group, positions), to_word);
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(values_ + count + k),
                          EightValues(_mm512_permutex2var_epi8(block_before, bytes, block)));
      group = _mm512_add_epi8(group, _mm512_set1_epi8(kGroup));
    }
    count += found;
    block_before = block;
  }
  count_ = count;
  at_ = at;
  digits_ = before;
}
#else
void NumberBatches::WideFill(size_t most) { FillBody(most); }
#endif

// `long_ends` are those of the ends that end more than 8 digits.
LEAKTRAIL_INLINE void NumberBatches::TakeLongNumbers(const char* base, uint64_t ends,
                                                     uint64_t long_ends) {
  for (; long_ends != 0; long_ends &= long_ends - 1) {
    const int bit = __builtin_ctzll(long_ends);
    const auto place =
        static_cast<size_t>(__builtin_popcountll(ends & LowBits(static_cast<size_t>(bit))));
    long_.push_back({count_ + place, internal::ParseNumber(base + bit)});
  }
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
