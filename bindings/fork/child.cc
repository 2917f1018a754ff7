#include "child.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "clock.h"
#include "thread_hooks.h"

namespace leaktrail_fork {
namespace {

constexpr int kLookMicroseconds = 200'000;
constexpr double kMaxSleepMs = 5000;
// Of the time between two looks, how much must be sleep for the child to count as asleep.
constexpr double kAsleepShare = 0.95;

ChildOptions own;
double deadline_ms = 0;
int schedule_file = -1;
double last_look_ms = 0, last_active_ms = 0, asleep_ms = 0;

// Milliseconds that this process ran or was ready to run, from "123 456 7" (nanoseconds).
double ActiveMs() {
  char text[96];
  const ssize_t n = pread(schedule_file, text, sizeof text - 1, 0);
  if (n <= 0) return -1;
  double value[2] = {0, 0};
  int field = 0;
  for (ssize_t i = 0; i < n && field < 2; ++i) {
    if (text[i] >= '0' && text[i] <= '9') {
      value[field] = value[field] * 10 + (text[i] - '0');
    } else {
      ++field;
    }
  }
  return (value[0] + value[1]) / 1e6;
}

// Async-signal-safe: system calls only.
void LookAround(int /*signal*/) {
  if (getppid() != own.service) _exit(kExitServiceGone);
  const double now = NowMs();
  if (now >= deadline_ms) _exit(kExitTime);
  pollfd output{own.output, POLLOUT, 0};
  if (poll(&output, 1, 0) < 0) return;
  if ((output.revents & (POLLERR | POLLNVAL)) != 0) _exit(kExitNoReader);
  const double active = ActiveMs();
  if (active < 0) return;  // a kernel without schedstat: the deadline must do
  const double passed = now - last_look_ms;
  const bool could_write = (output.revents & POLLOUT) != 0;
  const bool asleep = passed > 0 && active - last_active_ms < (1 - kAsleepShare) * passed;
  asleep_ms = could_write && asleep ? asleep_ms + passed : 0;
  last_look_ms = now;
  last_active_ms = active;
  if (asleep_ms > kMaxSleepMs) _exit(kExitAsleep);
}

void StayBehind() {
  prctl(PR_SET_NAME, "leaktrail-snap");
  const int file = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (file >= 0) {
    [[maybe_unused]] const ssize_t n = write(file, "1000", 4);
    close(file);
  }
  setpriority(PRIO_PROCESS, 0, 19);
  constexpr int kIoWhoProcess = 1, kIoIdle = 3 << 13;
  syscall(SYS_ioprio_set, kIoWhoProcess, 0, kIoIdle);
  // What is killed or crashes here shall not leave an image. A limit of 1 also keeps the kernel from
  // calling a crash handler, which 0 does not.
  rlimit core{};
  getrlimit(RLIMIT_CORE, &core);
  core.rlim_cur = core.rlim_max == 0 ? 0 : 1;
  setrlimit(RLIMIT_CORE, &core);
}

// Closing them would make V8's and libuv's wake-up calls fail, which abort.
void PointDescriptorsAway() {
  const int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
  DIR* folder = opendir("/proc/self/fd");
  if (folder == nullptr || nowhere < 0) _exit(kExitThrew);
  while (const dirent* entry = readdir(folder)) {
    int descriptor = 0;
    const char* c = entry->d_name;
    for (; *c >= '0' && *c <= '9'; ++c) descriptor = descriptor * 10 + (*c - '0');
    if (*c != 0 || c == entry->d_name) continue;
    if (descriptor == nowhere || descriptor == own.output || descriptor == dirfd(folder)) continue;
    dup2(nowhere, descriptor);
  }
  closedir(folder);
}

void TakeSignals() {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = SIG_DFL;
  for (int s = 1; s <= 64; ++s) sigaction(s, &action, nullptr);
  action.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &action, nullptr);
  action.sa_handler = LookAround;
  action.sa_flags = SA_RESTART;
  sigaction(SIGALRM, &action, nullptr);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  const itimerval every{{0, kLookMicroseconds}, {0, kLookMicroseconds}};
  setitimer(ITIMER_REAL, &every, nullptr);
}

}  // namespace

[[noreturn]] void RunChild(napi_env env, napi_value function, const ChildOptions& options) {
  own = options;
  if (HookThreadFunctions() == 0) _exit(kExitNoHooks);
  PointDescriptorsAway();
  StayBehind();
  schedule_file = open("/proc/self/schedstat", O_RDONLY | O_CLOEXEC);
  last_look_ms = NowMs();
  last_active_ms = ActiveMs();
  deadline_ms = last_look_ms + options.timeout_s * 1e3;
  TakeSignals();

  napi_value receiver = nullptr, argument = nullptr, result = nullptr;
  if (napi_get_undefined(env, &receiver) != kNapiOk ||
      napi_create_int32(env, options.output, &argument) != kNapiOk) {
    _exit(kExitThrew);
  }
  const bool done =
      napi_call_function(env, receiver, function, 1, &argument, &result) == kNapiOk;
  _exit(done ? 0 : kExitThrew);
}

}  // namespace leaktrail_fork
