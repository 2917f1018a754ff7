#include "analysis/edge_filter.h"

#include "base/cpu.h"

#if defined(__x86_64__)
#include "base/wide_vectors.h"
#endif

namespace leaktrail {
namespace {

size_t FindOneByOne(const RawEdge* edges, uint32_t first, uint32_t end, const RankedBits& set,
                    uint32_t* found) {
  size_t count = 0;
  for (uint32_t e = first; e < end; ++e) {
    found[count] = e;
    const bool member = set.contains(edges[e].target), weak = edges[e].type() == EdgeType::kWeak;
    count += static_cast<size_t>(member & !weak);
  }
  return count;
}

#if defined(__x86_64__)
constexpr uint32_t kAtOnce = 16;
static_assert(kAtOnce == kEdgeFilterSlack);

// The targets and labels of sixteen edges.
struct Sixteen {
  __m512i target, label;
};
LEAKTRAIL_WIDE LEAKTRAIL_INLINE Sixteen Load(const RawEdge* edges) {
  const __m512i target_at =
      _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
  const __m512i label_at = _mm512_add_epi32(target_at, _mm512_set1_epi32(1));
  const __m512i a = _mm512_loadu_si512(edges), b = _mm512_loadu_si512(edges + 8);
  return {_mm512_permutex2var_epi32(a, target_at, b), _mm512_permutex2var_epi32(a, label_at, b)};
}
LEAKTRAIL_WIDE LEAKTRAIL_INLINE __mmask16 NotWeak(__m512i label) {
  const __m512i type = _mm512_and_si512(label, _mm512_set1_epi32((1 << RawEdge::kTypeBits) - 1));
  return _mm512_cmpneq_epi32_mask(type, _mm512_set1_epi32(static_cast<int>(EdgeType::kWeak)));
}

// Writes sixteen at a time, of which those that are too many are written over.
LEAKTRAIL_WIDE size_t FindSixteen(const RawEdge* edges, uint32_t first, uint32_t end,
                                  const RankedBits& set, uint32_t* found) {
  const __m512i one = _mm512_set1_epi32(1), low_bits = _mm512_set1_epi32(31);
  __m512i edge =
      _mm512_add_epi32(_mm512_set1_epi32(static_cast<int>(first)),
                       _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
  size_t count = 0;
  uint32_t e = first;
  for (; end - e >= kAtOnce; e += kAtOnce) {
    const auto [target, label] = Load(edges + e);
    const __m512i word = _mm512_i32gather_epi32(_mm512_srli_epi32(target, 5), set.words(), 4);
    const __m512i bit = _mm512_sllv_epi32(one, _mm512_and_si512(target, low_bits));
    const __mmask16 counts = _mm512_mask_test_epi32_mask(NotWeak(label), word, bit);
    _mm512_storeu_si512(found + count, _mm512_maskz_compress_epi32(counts, edge));
    count += static_cast<size_t>(__builtin_popcount(counts));
    edge = _mm512_add_epi32(edge, _mm512_set1_epi32(kAtOnce));
  }
  return count + FindOneByOne(edges, e, end, set, found + count);
}
#endif

}  // namespace

size_t FindEdgesInto(const RawEdge* edges, uint32_t first, uint32_t end, const RankedBits& set,
                     uint32_t* found) {
#if defined(__x86_64__)
  if (HasWideCpu()) return FindSixteen(edges, first, end, set, found);
#endif
  return FindOneByOne(edges, first, end, set, found);
}

}  // namespace leaktrail
