#include "capture/tcp_connect.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <string>

#include "base/socket_address.h"

namespace leaktrail {
namespace {

constexpr std::chrono::milliseconds kCancelCheck{50};

std::string NamespacePath(int pid, const char* kind) {
  return pid == 0 ? fmt::format("/proc/self/ns/{}", kind)
                  : fmt::format("/proc/{}/ns/{}", pid, kind);
}

bool SameNamespace(int pid, int other_pid, const char* kind) {
  struct stat a {
  }, b{};
  if (stat(NamespacePath(pid, kind).c_str(), &a) != 0) return true;
  if (stat(NamespacePath(other_pid, kind).c_str(), &b) != 0) return true;
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

// In the child: only calls that are safe after fork in a program with threads.
[[noreturn]] void MakeSocketAndSend(int user_ns, int network_ns, int family, int channel) {
  // Entering a user namespace needs none if we already may enter the network one.
  if (setns(network_ns, CLONE_NEWNET) != 0) {
    if (user_ns < 0 || setns(user_ns, CLONE_NEWUSER) != 0) _exit(1);
    if (setns(network_ns, CLONE_NEWNET) != 0) _exit(1);
  }
  const int made = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (made < 0) _exit(2);
  char byte = 0;
  iovec data{&byte, 1};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  std::memcpy(CMSG_DATA(header), &made, sizeof made);
  _exit(sendmsg(channel, &message, 0) == 1 ? 0 : 3);
}

FileDescriptor ReceiveDescriptor(int channel) {
  char byte = 0;
  iovec data{&byte, 1};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ssize_t got = 0;
  do {
    got = recvmsg(channel, &message, MSG_CMSG_CLOEXEC);
  } while (got < 0 && errno == EINTR);
  const cmsghdr* header = got == 1 ? CMSG_FIRSTHDR(&message) : nullptr;
  if (header == nullptr || header->cmsg_type != SCM_RIGHTS) return FileDescriptor();
  int fd = -1;
  std::memcpy(&fd, CMSG_DATA(header), sizeof fd);
  return FileDescriptor(fd);
}

Result<FileDescriptor> SocketInNetworkOf(int pid, int family) {
  const FileDescriptor network(open(NamespacePath(pid, "net").c_str(), O_RDONLY | O_CLOEXEC));
  if (!network.valid()) {
    return Fail(ErrorKind::kEnvironment,
                fmt::format("cannot enter the network namespace of process {} ({}); run leaktrail "
                            "as root, or as the user of that process",
                            pid, std::strerror(errno)));
  }
  FileDescriptor user;
  if (!SameNamespace(pid, 0, "user")) {
    user = FileDescriptor(open(NamespacePath(pid, "user").c_str(), O_RDONLY | O_CLOEXEC));
  }
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
    return Fail(ErrorKind::kEnvironment,
                fmt::format("cannot make a socket pair: {}", std::strerror(errno)));
  }
  FileDescriptor ours(pair[0]), theirs(pair[1]);
  const pid_t child = fork();
  if (child < 0) {
    return Fail(ErrorKind::kEnvironment, fmt::format("cannot fork: {}", std::strerror(errno)));
  }
  if (child == 0) MakeSocketAndSend(user.get(), network.get(), family, theirs.get());
  theirs.Reset();
  FileDescriptor made = ReceiveDescriptor(ours.get());
  while (waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
  if (!made.valid()) {
    return Fail(ErrorKind::kEnvironment,
                fmt::format("may not enter the network namespace of process {}; run leaktrail as "
                            "root",
                            pid));
  }
  return made;
}

Error ConnectError(const InspectorAddress& address, int error_number) {
  return {ErrorKind::kEnvironment,
          fmt::format("cannot connect to {}: {}", ToString(address), std::strerror(error_number)),
          std::nullopt};
}

}  // namespace

void FileDescriptor::Reset() {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
}

bool SameNetwork(int pid, int other_pid) { return SameNamespace(pid, other_pid, "net"); }

Result<void> WaitFor(int fd, short events, SteadyTime deadline, const CancelToken* cancel) {
  while (true) {
    if (cancel != nullptr && cancel->cancelled()) {
      return Fail(ErrorKind::kInterrupted, "interrupted");
    }
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return Fail(ErrorKind::kEnvironment, "no answer in time");
    pollfd waiting{fd, events, 0};
    const int n = poll(&waiting, 1, static_cast<int>(std::min(left, kCancelCheck).count()) + 1);
    if (n > 0) return {};
    if (n < 0 && errno != EINTR) {
      return Fail(ErrorKind::kEnvironment, fmt::format("poll failed: {}", std::strerror(errno)));
    }
  }
}

Result<FileDescriptor> ConnectTcp(const InspectorAddress& address, const InspectorOptions& options,
                                  SteadyTime deadline) {
  const std::optional<SocketAddress> to = NumericAddress(address.host, address.port);
  if (!to) {
    return Fail(ErrorKind::kUsage, fmt::format("'{}' is not a numeric address", address.host));
  }
  FileDescriptor made;
  if (options.network_of_pid != 0 && !SameNetwork(options.network_of_pid, 0)) {
    Result<FileDescriptor> inside = SocketInNetworkOf(options.network_of_pid, to->family());
    if (!inside) return inside;
    made = std::move(*inside);
  } else {
    made = FileDescriptor(socket(to->family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!made.valid()) return tl::unexpected(ConnectError(address, errno));
  }
  if (connect(made.get(), to->any(), to->size) == 0) return made;
  if (errno != EINPROGRESS) return tl::unexpected(ConnectError(address, errno));
  if (Result<void> ready = WaitFor(made.get(), POLLOUT, deadline, options.cancel); !ready) {
    if (ready.error().kind == ErrorKind::kInterrupted) return tl::unexpected(ready.error());
    return tl::unexpected(ConnectError(address, ETIMEDOUT));
  }
  int error_number = 0;
  socklen_t size = sizeof error_number;
  getsockopt(made.get(), SOL_SOCKET, SO_ERROR, &error_number, &size);
  if (error_number != 0) return tl::unexpected(ConnectError(address, error_number));
  return made;
}

}  // namespace leaktrail
