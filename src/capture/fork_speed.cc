#include "capture/fork_speed.h"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <optional>

namespace leaktrail {
namespace {

constexpr size_t kBytes = size_t{16} << 20;
constexpr size_t kMaps = 512;
constexpr size_t kPage = 4096;
constexpr size_t kRounds = 9;

std::optional<double> ForkMs() {
  const auto begin = std::chrono::steady_clock::now();
  const pid_t child = fork();
  if (child == 0) _exit(0);
  const auto end = std::chrono::steady_clock::now();
  if (child < 0) return std::nullopt;
  while (waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
  return std::chrono::duration<double, std::milli>(end - begin).count();
}

// Times of forks without and with some memory, a pair a round.
struct ForkTimes {
  std::array<double, kRounds> without{}, with{};
};

// What memory that `touch` has filled adds to the time of a fork; 0 if it cannot be told.
// Of rounds that hardly anybody disturbed, but not the luckiest: predictions from medians and
// quartiles were a fifth too long, those from the shortest a fifth too short.
template <typename Touch>
double MsForMemory(size_t bytes, int protection, const Touch& touch) {
  ForkTimes times;
  for (size_t round = 0; round < kRounds; ++round) {
    const std::optional<double> without = ForkMs();
    void* const memory = mmap(nullptr, bytes, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return 0;
    madvise(memory, bytes, MADV_NOHUGEPAGE);  // as V8's
    touch(static_cast<char*>(memory));
    const std::optional<double> with = ForkMs();
    munmap(memory, bytes);
    if (!without || !with) return 0;
    times.without[round] = *without;
    times.with[round] = *with;
  }
  std::sort(times.without.begin(), times.without.end());
  std::sort(times.with.begin(), times.with.end());
  return std::max(0.0, times.with[1] - times.without[1]);
}

double MsForPages() {
  return MsForMemory(kBytes, PROT_READ | PROT_WRITE,
                     [](char* memory) { std::memset(memory, 1, kBytes); });
}

// A page each, with one that may not be touched behind it.
double MsForMaps() {
  return MsForMemory(kMaps * 2 * kPage, PROT_NONE, [](char* memory) {
    for (size_t i = 0; i < kMaps; ++i, memory += 2 * kPage) {
      if (mprotect(memory, kPage, PROT_READ | PROT_WRITE) == 0) *memory = 1;
    }
  });
}

}  // namespace

ForkSpeed MeasureForkSpeed() {
  return {MsForPages() / (static_cast<double>(kBytes) / 1e6),
          MsForMaps() / static_cast<double>(kMaps)};
}

}  // namespace leaktrail
