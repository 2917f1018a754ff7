#include "capture/fork_speed.h"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <functional>
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

// What memory that `touch` has filled adds to the time of a fork.
template <typename Touch>
std::optional<double> MsForMemory(size_t bytes, int protection, const Touch& touch) {
  const std::optional<double> without = ForkMs();
  void* const memory = mmap(nullptr, bytes, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return std::nullopt;
  madvise(memory, bytes, MADV_NOHUGEPAGE);  // as V8's
  touch(static_cast<char*>(memory));
  const std::optional<double> with = ForkMs();
  munmap(memory, bytes);
  if (!without || !with) return std::nullopt;
  return std::max(0.0, *with - *without);
}

std::optional<double> MsForPages() {
  return MsForMemory(kBytes, PROT_READ | PROT_WRITE,
                     [](char* memory) { std::memset(memory, 1, kBytes); });
}

// A page each, with one that may not be touched behind it.
std::optional<double> MsForMaps() {
  return MsForMemory(kMaps * 2 * kPage, PROT_NONE, [](char* memory) {
    for (size_t i = 0; i < kMaps; ++i, memory += 2 * kPage) {
      if (mprotect(memory, kPage, PROT_READ | PROT_WRITE) == 0) *memory = 1;
    }
  });
}

// Of a round that hardly anybody disturbed, but not the luckiest: predictions from medians and
// quartiles were a fifth too long, those from the shortest a fifth too short.
double UsualMs(const std::function<std::optional<double>()>& measure) {
  std::array<double, kRounds> ms{};
  for (double& m : ms) {
    const std::optional<double> once = measure();
    if (!once) return 0;
    m = *once;
  }
  std::sort(ms.begin(), ms.end());
  return ms[1];
}

}  // namespace

ForkSpeed MeasureForkSpeed() {
  return {UsualMs(MsForPages) / (static_cast<double>(kBytes) / 1e6),
          UsualMs(MsForMaps) / static_cast<double>(kMaps)};
}

}  // namespace leaktrail
