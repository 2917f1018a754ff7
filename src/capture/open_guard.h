// A process that closes what we have opened, if we die before the guest is in place.
//
// Between SIGUSR1 and the guest's arrival lie some 50 ms in which a killed tool would leave an open
// inspector behind. A forked child waits for our end on a pipe: if we say that all is well, it is
// gone; if the pipe just ends, it waits for the inspector (20 s at most), installs a guest that
// leaves at once, and is gone then. It is nobody's child and in no process group of ours, so
// neither Ctrl-C nor a waiting parent gets to see it, and it holds none of our files but the lock.
//
// Cost: one fork, about 1 ms.
// Threads: one.
#pragma once

#include <cstdint>
#include <set>

#include "capture/processes.h"
#include "capture/tcp_connect.h"

namespace leaktrail {

class OpenGuard {
 public:
  // `before`: the target's listening sockets as they are now. `lock` stays ours as well.
  OpenGuard(const NodeProcess& process, const std::set<uint64_t>& before, int lock);
  // Without AllIsWell the guard takes over.
  ~OpenGuard() = default;
  OpenGuard(const OpenGuard&) = delete;
  OpenGuard& operator=(const OpenGuard&) = delete;

  bool stands() const { return pipe_.valid(); }
  void AllIsWell();

 private:
  FileDescriptor pipe_;
};

}  // namespace leaktrail
