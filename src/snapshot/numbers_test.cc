#include "snapshot/numbers.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <random>
#include <string>
#include <vector>

namespace leaktrail {
namespace internal {
namespace {

// The number at the end of `text`, with what may stand before it in a chunk.
uint64_t Parse(const std::string& text) {
  const std::string padded = std::string(64, '[') + text;
  return ParseNumber(padded.data() + padded.size());
}

TEST(ParseNumber, TakesNumbersOfAnyLength) {
  std::string digits;
  for (uint64_t expected = 1; digits.size() < 19;
       expected = expected * 10 + (digits.size() + 1) % 10) {
    digits += static_cast<char>('0' + (digits.size() + 1) % 10);
    for (const char* before : {"", ",", "7,", "12345678,", "1234567890123456789,", "99 ", "9,\n"}) {
      EXPECT_EQ(Parse(before + digits), expected) << before << digits;
    }
  }
}

TEST(ParseNumber, IsSaturatedAtTheLargest) {
  EXPECT_EQ(Parse("18446744073709551615"), ~uint64_t{0});
  EXPECT_EQ(Parse("18446744073709551614"), ~uint64_t{0} - 1);
  EXPECT_EQ(Parse("18446744073709551616"), ~uint64_t{0});
  EXPECT_EQ(Parse("99999999999999999999999"), ~uint64_t{0});
}

TEST(ParseNumber, IgnoresLeadingZeros) {
  EXPECT_EQ(Parse(",000000000000007"), 7u);
  EXPECT_EQ(Parse(",0"), 0u);
}

}  // namespace
}  // namespace internal

namespace {

struct NumberText {
  std::string text;
  std::vector<uint64_t> values;
};

// As files have them, with up to 19 digits: those with more are ParseNumber's.
NumberText MakeNumbers(std::mt19937_64& random, size_t count, unsigned most_digits) {
  static constexpr const char* kBetween[] = {",", ",", ",", ",", "\n,", ", ", ",\r\n"};
  NumberText made;
  for (size_t i = 0; i < count; ++i) {
    const size_t digits = 1 + random() % most_digits;
    std::string number;
    while (number.size() < digits) number += static_cast<char>('0' + random() % 10);
    if (number.size() > 19) number = "1" + number.substr(1, 18);
    made.values.push_back(std::stoull(number));
    made.text += (i == 0 ? "" : kBetween[random() % std::size(kBetween)]) + number;
  }
  return made;
}

// The text as chunks of at most `chunk_bytes`, one after the other, in batches of `most`.
std::vector<uint64_t> ReadInChunks(const std::string& text, size_t chunk_bytes, size_t most,
                                   NumberCode code) {
  const std::string padded = std::string(kBlockBytes, '[') + text + std::string(kBlockBytes, ']');
  std::vector<uint64_t> values;
  for (size_t at = 0; at < text.size(); at += chunk_bytes) {
    ChunkTask task;
    task.chunk.data = padded.data() + kBlockBytes + at;
    task.chunk.size = std::min(chunk_bytes, text.size() - at);
    task.stopped = at + task.chunk.size == text.size();
    NumberBatches batches(task, code);
    for (auto batch = batches.Next(most); !batch.empty(); batch = batches.Next(most)) {
      EXPECT_LE(batch.size(), most);
      batches.ForEachOfBatch([&](size_t place, uint64_t value) {
        EXPECT_EQ(batch[place], static_cast<uint32_t>(value));
        values.push_back(value);
      });
    }
  }
  return values;
}

// All kinds of code that this machine can run.
TEST(NumberBatches, HaveEveryNumberOnceWhereverChunksAndBatchesEnd) {
  std::mt19937_64 random(7);
  for (unsigned most_digits : {1u, 2u, 8u, 9u, 11u, 17u, 22u}) {
    const NumberText made = MakeNumbers(random, 3000, most_digits);
    for (size_t chunk_bytes : {size_t{1}, size_t{63}, size_t{64}, size_t{1000}, made.text.size()}) {
      for (size_t most : {size_t{1}, size_t{7}, size_t{1019}, NumberBatches::kMost}) {
        for (const NumberCode code :
             {NumberCode::kPortable, NumberCode::kModern, NumberCode::kWide}) {
          if (code > BestNumberCode()) continue;
          ASSERT_EQ(ReadInChunks(made.text, chunk_bytes, most, code), made.values)
              << most_digits << " digits, chunks of " << chunk_bytes << ", batches of " << most
              << ", code " << static_cast<int>(code);
        }
      }
    }
  }
}

// The text and what stops it, cut in two at every place.
TEST(ScanNumbers, CountsAllThatEndUpToWhatIsNoNumber) {
  std::mt19937_64 random(9);
  for (unsigned most_digits : {1u, 3u, 9u}) {
    for (const std::string stop : {"]", "x", "-", "", "\xFF"}) {
      const NumberText made = MakeNumbers(random, 800, most_digits);
      const std::string padded =
          std::string(kBlockBytes, '[') + made.text + stop + std::string(kBlockBytes, ']');
      const size_t size = made.text.size() + stop.size();
      for (size_t cut = 0; cut <= size; cut += 1 + random() % 40) {
        for (const NumberCode code :
             {NumberCode::kPortable, NumberCode::kModern, NumberCode::kWide}) {
          if (code > BestNumberCode()) continue;
          Chunk before, after;
          before.data = padded.data() + kBlockBytes;
          before.size = cut;
          after.data = before.data + cut;
          after.size = size - cut;
          const ChunkScan first = ScanNumbers(before, code), second = ScanNumbers(after, code);
          const bool stops = !stop.empty();
          // The last number ends only with what follows it.
          ASSERT_EQ(first.count + second.count, made.values.size() - (stops ? 0 : 1));
          ASSERT_EQ(second.stop_at[0], stops && cut < size ? made.text.size() - cut : kNoStop);
          ASSERT_EQ(second.count_at_stop[0], stops && cut < size ? second.count : 0);
        }
      }
    }
  }
}

TEST(NumberBatches, EndWithTheChunkAndNotWithTheTextBehindIt) {
  const std::string padded =
      std::string(kBlockBytes, '[') + "12,34" + std::string(kBlockBytes, '5');
  ChunkTask task;
  task.chunk.data = padded.data() + kBlockBytes;
  task.chunk.size = 5;
  NumberBatches batches(task);
  const auto batch = batches.Next();
  EXPECT_EQ(std::vector<uint32_t>(batch.begin(), batch.end()), std::vector<uint32_t>{12});
}

}  // namespace
}  // namespace leaktrail
