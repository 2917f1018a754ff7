#include "experiment/run_command.h"

#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>

#include "experiment/keeper.h"

namespace leaktrail {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kPollMs = 50;

class Pipe {
 public:
  Pipe() {
    if (pipe2(fds_, O_CLOEXEC) != 0) fds_[0] = fds_[1] = -1;
  }
  ~Pipe() {
    CloseRead();
    CloseWrite();
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  bool is_open() const { return fds_[0] >= 0; }
  int read_fd() const { return fds_[0]; }
  int write_fd() const { return fds_[1]; }
  void CloseRead() { Close(&fds_[0]); }
  void CloseWrite() { Close(&fds_[1]); }

 private:
  static void Close(int* fd) {
    if (*fd >= 0) close(*fd);
    *fd = -1;
  }
  int fds_[2];
};

std::vector<char*> Pointers(const std::vector<std::string>& texts) {
  std::vector<char*> out;
  out.reserve(texts.size() + 1);
  for (const std::string& t : texts) out.push_back(const_cast<char*>(t.c_str()));
  out.push_back(nullptr);
  return out;
}

// False when there will be no more.
bool ReadInto(int fd, std::string* text) {
  char bytes[64 * 1024];
  const ssize_t n = read(fd, bytes, sizeof bytes);
  if (n < 0) return errno == EINTR;
  if (text->size() + static_cast<size_t>(n) > kMaxOutputBytes) text->erase(0, text->size() / 2);
  text->append(bytes, static_cast<size_t>(n));
  return n > 0;
}

struct Child {
  Pipe life, news, output, errors;
  pid_t keeper = -1;

  // Ends what still runs.
  ~Child() {
    life.CloseWrite();
    if (keeper <= 0) return;
    while (waitpid(keeper, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
};

}  // namespace

std::vector<std::string> OwnEnvironment() {
  std::vector<std::string> out;
  for (char** e = environ; *e != nullptr; ++e) out.emplace_back(*e);
  return out;
}

Result<CommandResult> RunCommand(const CommandPlan& plan) {
  Child child;
  const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  for (const Pipe* pipe : {&child.life, &child.news, &child.output, &child.errors}) {
    if (pipe->is_open() && null >= 0) continue;
    return Fail(ErrorKind::kEnvironment,
                fmt::format("cannot make a pipe: {}", std::strerror(errno)));
  }
  const std::vector<char*> arguments = Pointers(plan.command);
  const std::vector<char*> environment = Pointers(plan.environment);
  KeeperPlan keeper;
  keeper.arguments = arguments.data();
  keeper.environment = environment.data();
  keeper.folder = plan.folder.empty() ? nullptr : plan.folder.c_str();
  keeper.life_fd = child.life.read_fd();
  keeper.news_fd = child.news.write_fd();
  keeper.output_fd = child.output.write_fd();
  keeper.error_fd = child.errors.write_fd();
  keeper.null_fd = null;
  child.keeper = fork();
  if (child.keeper == 0) RunKeeper(keeper);
  const int fork_error = errno;
  close(null);
  if (child.keeper < 0) {
    return Fail(ErrorKind::kEnvironment,
                fmt::format("cannot start a process: {}", std::strerror(fork_error)));
  }
  child.life.CloseRead();
  child.news.CloseWrite();
  child.output.CloseWrite();
  child.errors.CloseWrite();

  CommandResult result;
  pid_t command = 0;
  bool ended = false;
  const Clock::time_point until = Clock::now() + plan.time_limit;
  pollfd fds[] = {{child.news.read_fd(), POLLIN, 0},
                  {child.output.read_fd(), POLLIN, 0},
                  {child.errors.read_fd(), POLLIN, 0}};
  while (!ended || fds[1].fd >= 0 || fds[2].fd >= 0) {
    if (plan.cancel != nullptr && plan.cancel->cancelled()) {
      return Fail(ErrorKind::kInterrupted, "interrupted");
    }
    if (Clock::now() > until) {
      result.timed_out = true;
      return result;
    }
    const int n = poll(fds, 3, kPollMs);
    // What it left running in the background may hold its output open.
    if (n == 0 && ended) break;
    if (n <= 0) continue;
    if (fds[0].revents != 0) {
      KeeperMessage message{};
      const ssize_t got = read(fds[0].fd, &message, sizeof message);
      if (got == 0) {
        fds[0].fd = -1;
        ended = true;
      } else if (got == sizeof message) {
        if (message.news == KeeperNews::kCannotStart) {
          return Fail(ErrorKind::kEnvironment, fmt::format("cannot start '{}': {}", plan.command[0],
                                                           std::strerror(message.value)));
        }
        if (message.news == KeeperNews::kStarted) command = message.value;
        if (message.news == KeeperNews::kEnded && message.pid == command) {
          ended = true;
          result.exit_code = WIFSIGNALED(message.value) ? 128 + WTERMSIG(message.value)
                                                        : WEXITSTATUS(message.value);
        }
      }
    }
    if (fds[1].revents != 0 && !ReadInto(fds[1].fd, &result.output)) fds[1].fd = -1;
    if (fds[2].revents != 0 && !ReadInto(fds[2].fd, &result.errors)) fds[2].fd = -1;
  }
  return result;
}

}  // namespace leaktrail
