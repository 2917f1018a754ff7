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
constexpr size_t kRounds = 5;

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

// What the memory adds.
std::optional<double> MsForMemory() {
  const std::optional<double> without = ForkMs();
  void* const memory =
      mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return std::nullopt;
  madvise(memory, kBytes, MADV_NOHUGEPAGE);  // as V8's
  std::memset(memory, 1, kBytes);
  const std::optional<double> with = ForkMs();
  munmap(memory, kBytes);
  if (!without || !with) return std::nullopt;
  return std::max(0.0, *with - *without);
}

}  // namespace

double MeasureForkMsPerMegabyte() {
  std::array<double, kRounds> ms{};
  for (double& m : ms) {
    const std::optional<double> once = MsForMemory();
    if (!once) return 0;
    m = *once;
  }
  std::sort(ms.begin(), ms.end());
  return ms[kRounds / 2] / (static_cast<double>(kBytes) / 1e6);
}

}  // namespace leaktrail
