#include "experiment/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <initializer_list>

namespace leaktrail {
namespace {

constexpr int kPollMs = 50;
constexpr int kChildrenBytes = 16 * 1024;

void Tell(int fd, KeeperNews news, int value, pid_t pid = 0) {
  const KeeperMessage message{news, value, pid};
  [[maybe_unused]] const ssize_t n = write(fd, &message, sizeof message);
}

int64_t NowMs() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<int64_t>(t.tv_sec) * 1000 + t.tv_nsec / 1'000'000;
}

// Every process below us gets the signal: our own children, and what they leave behind becomes
// ours.
void SignalChildren(int signal_number) {
  char text[kChildrenBytes];
  const int fd = open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;
  const ssize_t size = read(fd, text, sizeof text);
  close(fd);
  pid_t pid = 0;
  for (ssize_t i = 0; i < size; ++i) {
    if (text[i] >= '0' && text[i] <= '9') {
      pid = pid * 10 + (text[i] - '0');
    } else if (pid > 0) {
      kill(pid, signal_number);
      pid = 0;
    }
  }
}

// False when there is no child any more.
bool Reap(int news_fd) {
  for (;;) {
    int status = 0;
    const pid_t pid = waitpid(-1, &status, WNOHANG);
    if (pid == 0) return true;
    if (pid < 0) return errno == EINTR;
    Tell(news_fd, KeeperNews::kEnded, status, pid);
  }
}

void Pause() {
  const timespec t{0, 10'000'000};
  nanosleep(&t, nullptr);
}

void EndAll(pid_t command, const KeeperPlan& plan) {
  kill(-command, SIGTERM);
  SignalChildren(SIGTERM);
  const int64_t until = NowMs() + plan.grace_ms;
  while (Reap(plan.news_fd)) {
    const bool is_over = NowMs() >= until;
    if (is_over) {
      kill(-command, SIGKILL);
      SignalChildren(SIGKILL);
    }
    Pause();
  }
}

[[noreturn]] void RunCommand(const KeeperPlan& plan, pid_t keeper, int failed_fd) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != keeper) _exit(1);
  for (int s = 1; s < NSIG; ++s) signal(s, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  dup2(plan.null_fd, STDIN_FILENO);
  dup2(plan.output_fd, STDOUT_FILENO);
  dup2(plan.error_fd >= 0 ? plan.error_fd : plan.output_fd, STDERR_FILENO);
  if (plan.folder == nullptr || chdir(plan.folder) == 0) {
    execvpe(plan.program != nullptr ? plan.program : plan.arguments[0], plan.arguments,
            plan.environment);
  }
  const int error = errno;
  [[maybe_unused]] const ssize_t n = write(failed_fd, &error, sizeof error);
  _exit(127);
}

// All but these stay ours alone: the life pipe must close when our parent dies.
void CloseOthers(const KeeperPlan& plan) {
  const long most = sysconf(_SC_OPEN_MAX);
  for (int fd = 3; fd < (most > 0 && most < 65536 ? most : 65536); ++fd) {
    const bool is_needed = fd == plan.life_fd || fd == plan.news_fd || fd == plan.output_fd ||
                           fd == plan.error_fd || fd == plan.null_fd;
    if (!is_needed) close(fd);
  }
}

}  // namespace

void RunKeeper(const KeeperPlan& plan) {
  setpgid(0, 0);
  CloseOthers(plan);
  dup2(plan.null_fd, STDIN_FILENO);
  dup2(plan.null_fd, STDOUT_FILENO);
  dup2(plan.null_fd, STDERR_FILENO);
  prctl(PR_SET_NAME, "leaktrail-keep");
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  for (const int s : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE}) signal(s, SIG_IGN);
  for (const int s : {SIGALRM, SIGCHLD}) signal(s, SIG_DFL);

  int failed[2];
  if (pipe2(failed, O_CLOEXEC) != 0) {
    Tell(plan.news_fd, KeeperNews::kCannotStart, errno);
    _exit(1);
  }
  const pid_t keeper = getpid();
  const pid_t command = fork();
  if (command == 0) RunCommand(plan, keeper, failed[1]);
  const int fork_error = errno;
  close(failed[1]);
  close(plan.output_fd);
  if (plan.error_fd >= 0) close(plan.error_fd);
  int error = command < 0 ? fork_error : 0;
  if (command > 0) {
    ssize_t n;
    do {
      n = read(failed[0], &error, sizeof error);
    } while (n < 0 && errno == EINTR);
    if (n <= 0) error = 0;
  }
  if (error != 0) {
    Tell(plan.news_fd, KeeperNews::kCannotStart, error);
    if (command > 0) waitpid(command, nullptr, 0);
    _exit(1);
  }
  Tell(plan.news_fd, KeeperNews::kStarted, command);

  for (;;) {
    pollfd life{plan.life_fd, POLLIN, 0};
    const int n = poll(&life, 1, kPollMs);
    if (n > 0) break;
    if (!Reap(plan.news_fd)) break;
  }
  EndAll(command, plan);
  _exit(0);
}

}  // namespace leaktrail
