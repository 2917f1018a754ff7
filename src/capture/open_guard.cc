#include "capture/open_guard.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <thread>

#include "capture/attach_checks.h"
#include "capture/guest.h"

namespace leaktrail {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kPatience{20'000};
// Node opens its inspector within this, unless its event loop is blocked. Others may try then.
constexpr milliseconds kHoldLock{3000};
constexpr milliseconds kOftenUntil{1000}, kOften{10}, kSeldom{200};
constexpr char kWell = 'w';

// Everything but `keep` and the standard three, which become /dev/null.
void DropDescriptors(int keep, int keep_too) {
  const int null = open("/dev/null", O_RDWR);
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) dup2(null, fd);
  DIR* dir = opendir("/proc/self/fd");
  if (dir == nullptr) return;
  const int own = dirfd(dir);
  while (const dirent* entry = readdir(dir)) {
    const int fd = std::atoi(entry->d_name);
    if (fd > STDERR_FILENO && fd != keep && fd != keep_too && fd != own) close(fd);
  }
  closedir(dir);
}

// Connects to the inspector and lets a guest leave, if there is one to close by now.
bool CloseOpened(const NodeProcess& process, const std::set<uint64_t>& before) {
  const std::optional<ListeningSocket> socket = FindNewInspector(process, before, nullptr);
  if (!socket) return false;
  InspectorOptions options;
  options.network_of_pid = process.in_other_network ? process.pid : 0;
  Result<std::unique_ptr<Inspector>> inspector = Inspector::Connect(AddressOf(*socket), options);
  if (!inspector) return false;
  GuestOptions guest;
  guest.owner = "guard";
  guest.close_inspector = true;
  guest.dead_man = kPatience;
  const Result<GuestFacts> facts = InstallGuest(inspector->get(), guest, kPatience);
  // A guest that is there already looks after itself.
  if (!facts) return false;
  if (!facts->busy) static_cast<void>(DismissGuest(inspector->get(), kPatience));
  return true;
}

[[noreturn]] void StandGuard(const NodeProcess& process, const std::set<uint64_t>& before, int pipe,
                             int lock) {
  setsid();
  for (const int s : {SIGINT, SIGTERM, SIGHUP, SIGALRM, SIGPIPE, SIGQUIT}) signal(s, SIG_IGN);
  DropDescriptors(pipe, lock);
  char word = 0;
  ssize_t got = 0;
  do {
    got = read(pipe, &word, 1);
  } while (got < 0 && errno == EINTR);
  if (got == 1 && word == kWell) _exit(0);
  const auto begin = steady_clock::now();
  bool locked = true;
  while (steady_clock::now() < begin + kPatience && StillRuns(process)) {
    if (CloseOpened(process, before)) break;
    const auto waited = steady_clock::now() - begin;
    if (locked && waited > kHoldLock) {
      close(lock);
      locked = false;
    }
    std::this_thread::sleep_for(waited < kOftenUntil ? kOften : kSeldom);
  }
  _exit(0);
}

}  // namespace

OpenGuard::OpenGuard(const NodeProcess& process, const std::set<uint64_t>& before, int lock) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return;
  FileDescriptor reading(ends[0]), writing(ends[1]);
  const pid_t child = fork();
  if (child < 0) return;
  if (child == 0) {
    // A second fork makes it the child of init, which looks after its end.
    if (fork() == 0) {
      writing.Reset();
      StandGuard(process, before, reading.get(), lock);
    }
    _exit(0);
  }
  while (waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
  pipe_ = std::move(writing);
}

void OpenGuard::AllIsWell() {
  if (!pipe_.valid()) return;
  while (write(pipe_.get(), &kWell, 1) < 0 && errno == EINTR) {
  }
  pipe_.Reset();
}

}  // namespace leaktrail
