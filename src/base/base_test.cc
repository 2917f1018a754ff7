#include <gtest/gtest.h>

#include <atomic>
#include <numeric>

#include "base/array.h"
#include "base/byte_store.h"
#include "base/index.h"
#include "base/parallel.h"

namespace leaktrail {
namespace {

struct TestTag;
using TestIndex = Index<TestTag>;

TEST(Index, IsNothingUntilItIsSet) {
  EXPECT_FALSE(TestIndex().valid());
  EXPECT_EQ(TestIndex(), TestIndex::None());
  EXPECT_TRUE(TestIndex(0).valid());
  EXPECT_LT(TestIndex(1), TestIndex(2));
}

TEST(Array, IsZeroAndKeepsItsElementsWhenItMoves) {
  for (size_t size : {0u, 1u, 100u, 3'000'000u}) {
    Array<uint32_t> a(size);
    EXPECT_EQ(a.size(), size);
    EXPECT_EQ(std::accumulate(a.begin(), a.end(), uint64_t{0}), 0u);
    if (size > 0) a[size - 1] = 7;
    Array<uint32_t> b(std::move(a));
    EXPECT_EQ(b.size(), size);
    if (size > 0) EXPECT_EQ(b[size - 1], 7u);
    EXPECT_TRUE(a.empty());
  }
}

TEST(Array, KeepsItsBeginningWhenItIsResizedAndIsZeroBeyond) {
  Array<uint32_t> a;
  size_t before = 0;
  for (size_t size : {3u, 1000u, 400'000u, 2'000'000u, 1'500'001u, 1'700'000u, 10u, 300'000u}) {
    a.Resize(size);
    ASSERT_EQ(a.size(), size);
    for (size_t i = 0; i < size; ++i) ASSERT_EQ(a[i], i < before ? i : 0) << i;
    for (size_t i = 0; i < size; ++i) a[i] = static_cast<uint32_t>(i);
    before = size;
  }
}

TEST(ParallelBlocks, CoverEveryIndexOnce) {
  for (unsigned workers : {1u, 2u, 5u}) {
    for (size_t count : {0u, 1u, 99u, 100u, 1001u}) {
      std::vector<std::atomic<int>> visits(count);
      ParallelBlocks(workers, count, 100, [&](size_t first, size_t last) {
        for (size_t i = first; i < last; ++i) ++visits[i];
      });
      for (size_t i = 0; i < count; ++i) EXPECT_EQ(visits[i], 1) << i;
    }
  }
}

TEST(MemoryStore, GivesBackWhatWasAppendedFromAnyOffset) {
  constexpr uint64_t kFirst = 1000;
  MemoryStore store(kFirst);
  std::string all;
  for (int i = 0; i < 3000; ++i) {
    const std::string piece(static_cast<size_t>(i % 5000), static_cast<char>('a' + i % 26));
    ASSERT_TRUE(store.Append(piece.data(), piece.size()));
    all += piece;
  }
  EXPECT_EQ(store.end_offset(), kFirst + all.size());
  for (size_t at = 0; at < all.size(); at += 123'457) {
    std::string out(5000, '\0');
    const size_t got = store.Read(kFirst + at, out.size(), out.data());
    EXPECT_EQ(got, std::min(out.size(), all.size() - at));
    EXPECT_EQ(out.substr(0, got), all.substr(at, got));
  }
  char byte;
  EXPECT_EQ(store.Read(kFirst + all.size(), 1, &byte), 0u);
}

}  // namespace
}  // namespace leaktrail
