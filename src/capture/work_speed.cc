#include "capture/work_speed.h"

#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <random>
#include <span>

namespace leaktrail {
namespace {

// That machine: AMD EPYC (Zen 4) in a virtual machine with 2 processors, nothing else to do.
constexpr double kReferenceMs = 24.7;

using Random = std::minstd_rand;

struct Slot {
  uint64_t key;  // 0: free
  uint32_t value;
};

constexpr unsigned kBits = 20;
constexpr size_t kSlots = size_t{1} << kBits;
constexpr size_t kTableBytes = kSlots * sizeof(Slot);

// Addresses get numbers, as objects do. The table is empty.
uint64_t LookUp(std::span<Slot> table, Random& random) {
  constexpr uint64_t kObjects = 400'000;
  uint32_t count = 0;
  uint64_t sum = 0;
  for (int i = 0; i < 300'000; ++i) {
    const uint64_t key = 8 * (1 + random() % kObjects);
    size_t at = key * 0x9E3779B97F4A7C15u >> (64 - kBits);
    while (table[at].key != 0 && table[at].key != key) at = (at + 1) & (kSlots - 1);
    if (table[at].key == 0) table[at] = {key, ++count};
    sum += table[at].value;
  }
  return sum;
}

uint64_t WriteNumbers(Random& random) {
  std::array<char, 1 << 16> text;
  char* const end = text.data() + text.size();
  char* out = text.data();
  uint64_t sum = 0;
  for (int i = 0; i < 600'000; ++i) {
    if (end - out < 32) out = text.data();
    out = std::to_chars(out, end, static_cast<uint32_t>(random() % 10'000'000)).ptr;
    sum += static_cast<unsigned char>(*(out - 1));
    *out++ = ',';
  }
  return sum;
}

double WorkMs() {
  const auto begin = std::chrono::steady_clock::now();
  // Fresh memory each time, in small pages: V8's grows as it works.
  void* const memory =
      mmap(nullptr, kTableBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return kReferenceMs;
  madvise(memory, kTableBytes, MADV_NOHUGEPAGE);
  Random random;
  [[maybe_unused]] volatile uint64_t keep =
      LookUp({static_cast<Slot*>(memory), kSlots}, random) + WriteNumbers(random);
  munmap(memory, kTableBytes);
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin)
      .count();
}

}  // namespace

double MeasureWorkTime() {
  std::array<double, 5> ms{};
  std::generate(ms.begin(), ms.end(), WorkMs);
  std::sort(ms.begin(), ms.end());
  return ms[ms.size() / 2] / kReferenceMs;
}

}  // namespace leaktrail
