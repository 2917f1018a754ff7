// A TCP connection with a deadline, also from inside another network namespace.
//
// A socket belongs to the namespace in which it was made. For another one a child process enters
// it, makes the socket and hands it back; nothing else of ours ever leaves our namespaces. Where
// the target's user namespace differs (rootless containers) the child enters that first.
//
// Threads: from any.
#pragma once

#include <chrono>

#include "base/progress.h"
#include "base/result.h"
#include "capture/inspector.h"

namespace leaktrail {

using SteadyTime = std::chrono::steady_clock::time_point;

// Closes it when it goes away.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) : fd_(fd) {}
  ~FileDescriptor() { Reset(); }
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(other.Release()) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    Reset();
    fd_ = other.Release();
    return *this;
  }
  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  int Release() {
    const int fd = fd_;
    fd_ = -1;
    return fd;
  }
  void Reset();

 private:
  int fd_ = -1;
};

// Whether the two processes (0: we) see the same network. True if it cannot be told.
bool SameNetwork(int pid, int other_pid);

// A connected socket, in non-blocking mode.
Result<FileDescriptor> ConnectTcp(const InspectorAddress& address, const InspectorOptions& options,
                                  SteadyTime deadline);

// Until the descriptor is ready for `events` (of poll). Errors: deadline, cancellation.
Result<void> WaitFor(int fd, short events, SteadyTime deadline, const CancelToken* cancel);

}  // namespace leaktrail
