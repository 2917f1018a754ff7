#include "cli/interrupt.h"

#include <signal.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>

namespace leaktrail {
namespace {

constexpr int kUsualGraceMs = 250;

std::atomic<CancelToken*> token{nullptr};
std::atomic<int> grace_ms{kUsualGraceMs};

[[noreturn]] void EndNow() {
  static constexpr char kClearLine[] = "\r\x1b[K";
  if (isatty(STDERR_FILENO) != 0) {
    [[maybe_unused]] const ssize_t n = write(STDERR_FILENO, kClearLine, sizeof kClearLine - 1);
  }
  _exit(kExitInterrupted);
}

// Only calls that are safe in a signal handler.
extern "C" void OnSignal(int signal_number) {
  CancelToken* cancel = token.load(std::memory_order_relaxed);
  if (signal_number == SIGALRM || cancel == nullptr || cancel->cancelled()) EndNow();
  cancel->Cancel();
  const int ms = grace_ms.load(std::memory_order_relaxed);
  const itimerval grace{{0, 0}, {ms / 1000, ms % 1000 * 1000}};
  setitimer(ITIMER_REAL, &grace, nullptr);
}

}  // namespace

void SetInterruptGrace(std::chrono::milliseconds grace) {
  grace_ms.store(static_cast<int>(grace.count()), std::memory_order_relaxed);
}

void InstallInterruptHandler(CancelToken* cancel) {
  token.store(cancel);
  struct sigaction action {};
  action.sa_handler = OnSignal;
  sigemptyset(&action.sa_mask);
  for (const int s : {SIGINT, SIGTERM, SIGALRM}) sigaction(s, &action, nullptr);
  // A closed pipe is noticed where it is written to (output.h).
  signal(SIGPIPE, SIG_IGN);
}

}  // namespace leaktrail
