#include "capture/survivor.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

namespace leaktrail {
namespace {

constexpr char kWell = 'w';

// Everything but what is kept and the standard three, which become /dev/null.
void DropDescriptors(int pipe, std::initializer_list<int> keep) {
  const int null = open("/dev/null", O_RDWR);
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) dup2(null, fd);
  DIR* dir = opendir("/proc/self/fd");
  if (dir == nullptr) return;
  const int own = dirfd(dir);
  while (const dirent* entry = readdir(dir)) {
    const int fd = std::atoi(entry->d_name);
    const bool kept = fd == pipe || std::find(keep.begin(), keep.end(), fd) != keep.end();
    if (fd > STDERR_FILENO && fd != own && !kept) close(fd);
  }
  closedir(dir);
}

[[noreturn]] void Stand(int pipe, std::initializer_list<int> keep,
                        const std::function<void()>& if_we_die) {
  setsid();
  for (const int s : {SIGINT, SIGTERM, SIGHUP, SIGALRM, SIGPIPE, SIGQUIT}) signal(s, SIG_IGN);
  DropDescriptors(pipe, keep);
  char word = 0;
  ssize_t got = 0;
  do {
    got = read(pipe, &word, 1);
  } while (got < 0 && errno == EINTR);
  if (got != 1 || word != kWell) if_we_die();
  _exit(0);
}

}  // namespace

Survivor::Survivor(std::initializer_list<int> keep, const std::function<void()>& if_we_die) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return;
  FileDescriptor reading(ends[0]), writing(ends[1]);
  const pid_t child = fork();
  if (child < 0) return;
  if (child == 0) {
    // A second fork makes it the child of init, which looks after its end.
    if (fork() == 0) {
      writing.Reset();
      Stand(reading.get(), keep, if_we_die);
    }
    _exit(0);
  }
  while (waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
  pipe_ = std::move(writing);
}

void Survivor::AllIsWell() {
  if (!pipe_.valid()) return;
  while (write(pipe_.get(), &kWell, 1) < 0 && errno == EINTR) {
  }
  pipe_.Reset();
}

}  // namespace leaktrail
