#include "threads.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clock.h"

namespace leaktrail_fork {
namespace {

constexpr useconds_t kBetweenLooks = 200;

// Running or in the kernel for something short (a page fault), from "42 (name) R …".
bool IsBusy(int thread) {
  char path[64], text[512];
  snprintf(path, sizeof path, "/proc/self/task/%d/stat", thread);
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;  // it has ended
  const ssize_t n = read(fd, text, sizeof text - 1);
  close(fd);
  if (n <= 0) return false;
  text[n] = 0;
  const char* name_end = strrchr(text, ')');
  return name_end != nullptr && name_end[1] == ' ' && (name_end[2] == 'R' || name_end[2] == 'D');
}

// 0 if it is not a number. (atoi would bind to a name that only new C libraries have.)
int ThreadOf(const char* name) {
  int id = 0;
  for (; *name != 0; ++name) {
    if (*name < '0' || *name > '9') return 0;
    id = id * 10 + (*name - '0');
  }
  return id;
}

int CountBusyThreads() {
  DIR* folder = opendir("/proc/self/task");
  if (folder == nullptr) return 0;
  const auto self = static_cast<int>(syscall(SYS_gettid));
  int busy = 0;
  while (const dirent* entry = readdir(folder)) {
    const int thread = ThreadOf(entry->d_name);
    if (thread > 0 && thread != self && IsBusy(thread)) ++busy;
  }
  closedir(folder);
  return busy;
}

}  // namespace

int WaitUntilThreadsIdle(double patience_ms) {
  const double deadline = NowMs() + patience_ms;
  for (;;) {
    const int busy = CountBusyThreads();
    if (busy == 0 || NowMs() >= deadline) return busy;
    usleep(kBetweenLooks);
  }
}

}  // namespace leaktrail_fork
