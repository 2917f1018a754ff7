#include "cli/interrupt.h"

#include <signal.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>

namespace leaktrail {
namespace {

constexpr int kGraceMicroseconds = 250'000;

std::atomic<CancelToken*> token{nullptr};

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
  const itimerval grace{{0, 0}, {0, kGraceMicroseconds}};
  setitimer(ITIMER_REAL, &grace, nullptr);
}

}  // namespace

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
