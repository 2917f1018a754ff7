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

// What memory that `touch` has filled adds to the time of a fork; 0 if it cannot be told.
// The second shortest forks count, which hardly anybody disturbed: in one run each, predictions
// from quartiles were mostly too long, those from the shortest mostly too short.
template <typename Touch>
double MsForMemory(size_t bytes, int protection, const Touch& touch) {
  std::array<double, kRounds> all_without{}, all_with{};
  for (size_t round = 0; round < kRounds; ++round) {
    const std::optional<double> without = ForkMs();
    void* const memory = mmap(nullptr, bytes, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return 0;
    madvise(memory, bytes, MADV_NOHUGEPAGE);  // as V8's
    touch(static_cast<char*>(memory));
    const std::optional<double> with = ForkMs();
    munmap(memory, bytes);
    if (!without || !with) return 0;
    all_without[round] = *without;
    all_with[round] = *with;
  }
  std::sort(all_without.begin(), all_without.end());
  std::sort(all_with.begin(), all_with.end());
  return std::max(0.0, all_with[1] - all_without[1]);
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
