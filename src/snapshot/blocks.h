// 64 bytes of text at a time, as bit masks: bit i speaks of byte i.
//
// SSE2 is part of every x86-64; other processors take the loop below, which compilers vectorise.
// The idea of masks per 64 bytes is simdjson's (Langdale, Lemire: "Parsing gigabytes of JSON per
// second", VLDB Journal 2019).
#pragma once

#include <cstdint>
#include <cstring>

#include "base/cpu.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace leaktrail {

inline constexpr size_t kBlockBytes = 64;

#if defined(__SSE2__)
class Block {
 public:
  LEAKTRAIL_INLINE explicit Block(const char* p) {
    for (int k = 0; k < 4; ++k) {
      v_[k] = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p + 16 * k));
    }
  }
  LEAKTRAIL_INLINE uint64_t Equal(char c) const {
    const __m128i x = _mm_set1_epi8(c);
    return Gather([&](__m128i v) __attribute__((always_inline)) { return _mm_cmpeq_epi8(v, x); });
  }
  LEAKTRAIL_INLINE uint64_t Digits() const { return InRange('0', '9'); }
  LEAKTRAIL_INLINE uint64_t ControlCharacters() const { return InRange('\0', '\x1F'); }
  // Space, newline, carriage return, tab.
  LEAKTRAIL_INLINE uint64_t Space() const {
    return Equal(' ') | Equal('\n') | Equal('\r') | Equal('\t');
  }

 private:
  LEAKTRAIL_INLINE uint64_t InRange(char low, char high) const {
    const __m128i base = _mm_set1_epi8(low);
    const __m128i width = _mm_set1_epi8(static_cast<char>(high - low));
    return Gather([&](__m128i v) __attribute__((always_inline)) {
      const __m128i d = _mm_sub_epi8(v, base);
      return _mm_cmpeq_epi8(_mm_min_epu8(d, width), d);
    });
  }
  template <typename F>
  LEAKTRAIL_INLINE uint64_t Gather(const F& f) const {
    uint64_t m = 0;
    for (int k = 0; k < 4; ++k) {
      m |= uint64_t{static_cast<uint32_t>(_mm_movemask_epi8(f(v_[k])))} << (16 * k);
    }
    return m;
  }
  __m128i v_[4];
};
#else
class Block {
 public:
  LEAKTRAIL_INLINE explicit Block(const char* p) { std::memcpy(bytes_, p, kBlockBytes); }
  LEAKTRAIL_INLINE uint64_t Equal(char c) const {
    return Gather([c](unsigned char b) { return b == static_cast<unsigned char>(c); });
  }
  LEAKTRAIL_INLINE uint64_t Digits() const {
    return Gather([](unsigned char b) { return static_cast<unsigned char>(b - '0') <= 9; });
  }
  LEAKTRAIL_INLINE uint64_t ControlCharacters() const {
    return Gather([](unsigned char b) { return b < 0x20; });
  }
  LEAKTRAIL_INLINE uint64_t Space() const {
    return Equal(' ') | Equal('\n') | Equal('\r') | Equal('\t');
  }

 private:
  template <typename F>
  LEAKTRAIL_INLINE uint64_t Gather(const F& f) const {
    uint64_t m = 0;
    for (size_t i = 0; i < kBlockBytes; ++i) m |= uint64_t{f(bytes_[i])} << i;
    return m;
  }
  unsigned char bytes_[kBlockBytes];
};
#endif

// Bits [0, n); n <= 64.
LEAKTRAIL_INLINE uint64_t LowBits(size_t n) {
  return n >= 64 ? ~uint64_t{0} : (uint64_t{1} << n) - 1;
}

// Bit i of the result is the parity of bits 0…i.
LEAKTRAIL_INLINE uint64_t PrefixXor(uint64_t m) {
  m ^= m << 1;
  m ^= m << 2;
  m ^= m << 4;
  m ^= m << 8;
  m ^= m << 16;
  m ^= m << 32;
  return m;
}

}  // namespace leaktrail
