#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <new>
#include <numeric>
#include <random>
#include <vector>

#include "base/array.h"
#include "base/ascii.h"
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

TEST(Ascii, HasNoCaseToAnyButItsOwnLetters) {
  EXPECT_EQ(LowerCase("Content-LENGTH: [Z]@"), "content-length: [z]@");
  EXPECT_EQ(LowerCase("\xC3\x84"), "\xC3\x84");
  EXPECT_TRUE(EqualsIgnoringCase("Keep-Alive", "keep-aliVE"));
  EXPECT_FALSE(EqualsIgnoringCase("close", "closed"));
  EXPECT_FALSE(EqualsIgnoringCase("@", "`"));
  EXPECT_TRUE(EqualsIgnoringCase("", ""));
}

TEST(Array, IsZeroAndKeepsItsElementsWhenItMoves) {
  for (size_t size : {0u, 1u, 100u, 3'000'000u}) {
    Array<uint32_t> a(size);
    EXPECT_EQ(a.size(), size);
    EXPECT_EQ(std::accumulate(a.begin(), a.end(), uint64_t{0}), 0u);
    if (size > 0) a[size - 1] = 7;
    Array<uint32_t> b(std::move(a));
    EXPECT_EQ(b.size(), size);
    EXPECT_EQ(size == 0 ? 7u : b[size - 1], 7u);
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

#ifdef __linux__
// The kernel would move huge pages in small ones.
TEST(Array, KeepsItsPlaceInAHugePageWhenItGrows) {
  constexpr size_t kHugePage = size_t{2} << 20;
  const auto place = [](const Array<char>& a) {
    return reinterpret_cast<uintptr_t>(a.data()) % kHugePage;
  };
  std::vector<Array<char>> arrays;  // in each other's way
  for (size_t i = 0; i < 4; ++i) arrays.emplace_back(5'000'000 + 300'000 * i);
  for (size_t size : {7'100'000u, 11'000'001u, 40'000'000u}) {
    for (Array<char>& a : arrays) {
      const size_t before = place(a);
      a.Resize(size);
      EXPECT_EQ(place(a), before) << size;
    }
  }
}
#endif

// Freed maps are cut up, grown and given out again. Sizes are about 1 MiB, from which arrays are
// maps.
TEST(Array, SharesNothingWithOthersAndIsZeroWhateverWasFreedBefore) {
  std::mt19937 random(1);
  struct Held {
    Array<uint32_t> array;
    uint32_t tag = 0;
  };
  std::vector<Held> held(6);
  for (uint32_t step = 1; step <= 300; ++step) {
    Held& h = held[random() % held.size()];
    const size_t size = random() % 8 == 0 ? random() % 3'000'000 : random() % 600'000;
    const size_t kept = random() % 2 == 0 ? std::min(size, h.array.size()) : 0;
    if (kept > 0) {
      h.array.Resize(size);
    } else {
      h.array = Array<uint32_t>(size);
    }
    const auto others = [tag = h.tag](uint32_t v) { return v != tag; };
    ASSERT_EQ(std::count_if(h.array.begin(), h.array.begin() + kept, others), 0) << step;
    ASSERT_EQ(std::count(h.array.begin() + kept, h.array.end(), 0u), size - kept) << step;
    h.tag = step;
    std::fill(h.array.begin(), h.array.end(), step);
  }
  for (const Held& h : held) {
    EXPECT_EQ(std::count(h.array.begin(), h.array.end(), h.tag), h.array.size());
  }
}

// A process that opens one heap after the other does not keep ever more.
TEST(Array, KeepsNoMoreOfFreedMapsThanWasOnceInUse) {
  const auto mapped_bytes = [] {
    size_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    return pages * 4096;
  };
  if (mapped_bytes() == 0) GTEST_SKIP() << "this system does not tell what is mapped";
  std::mt19937 random(1);
  const size_t before = mapped_bytes();
  size_t most = 0;
  for (int round = 0; round < 150; ++round) {
    const size_t scale = 300'000 + random() % 4'000'000;
    std::vector<Array<char>> in_use;
    size_t bytes = 0;
    for (int i = 0; i < 12; ++i) {
      in_use.emplace_back(1'100'000 + random() % scale);
      bytes += in_use.back().size();
    }
    most = std::max(most, bytes);
  }
  EXPECT_LT(mapped_bytes(), before + 3 * most);
}

TEST(Array, ComesFromSeveralThreadsAtOnce) {
  std::atomic<int> wrong{0};
  RunWorkers(4, [&](unsigned k) {
    for (uint32_t i = 1; i <= 40; ++i) {
      Array<uint32_t> a(260'000 + 50'000 * ((k + i) % 5));
      for (uint32_t v : a) wrong += v != 0;
      std::fill(a.begin(), a.end(), k + 1);
      for (uint32_t v : a) wrong += v != k + 1;
    }
  });
  EXPECT_EQ(wrong, 0);
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

TEST(MakeAndTakeInOrder, TakesEachBlockOnceAndInOrder) {
  struct Block {
    size_t first = 0, last = 0;
  };
  for (unsigned workers : {1u, 2u, 5u}) {
    for (size_t count : {0u, 1u, 99u, 100u, 1001u}) {
      std::vector<size_t> taken;  // one take at a time, so no lock
      MakeAndTakeInOrder<Block>(
          workers, count, 10,
          [](size_t first, size_t last, Block& block) {
            block = {first, last};
          },
          [&](Block& block) {
            for (size_t i = block.first; i < block.last; ++i) taken.push_back(i);
          });
      ASSERT_EQ(taken.size(), count);
      for (size_t i = 0; i < count; ++i) EXPECT_EQ(taken[i], i);
    }
  }
}

// None of the others waits for a turn that never comes.
TEST(MakeAndTakeInOrder, ThrowsWhatAWorkerDidWhenAllAreDone) {
  for (const bool in_make : {true, false}) {
    for (int i = 0; i < 50; ++i) {
      size_t taken = 0;
      EXPECT_THROW(MakeAndTakeInOrder<size_t>(
                       4, 1000, 1,
                       [&](size_t first, size_t, size_t& buffer) {
                         buffer = first;
                         if (in_make && first == 500) throw std::bad_alloc();
                       },
                       [&](size_t& buffer) {
                         if (!in_make && buffer == 500) throw std::bad_alloc();
                         ++taken;
                       }),
                   std::bad_alloc);
      EXPECT_LE(taken, 500u);
    }
  }
}

TEST(RunWorkers, ThrowsWhatAWorkerDidWhenAllAreDone) {
  for (const unsigned thrower : {0u, 2u}) {
    std::atomic<unsigned> done{0};
    EXPECT_THROW(RunWorkers(3,
                            [&](unsigned k) {
                              if (k == thrower) throw std::bad_alloc();
                              ++done;
                            }),
                 std::bad_alloc);
    EXPECT_EQ(done, 2u);
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
