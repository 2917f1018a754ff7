// A process that closes what we have opened, if we die before the guest is in place.
//
// Between SIGUSR1 and the guest's arrival lie some 50 ms in which a killed tool would leave an open
// inspector behind. If we die then, a process that survives us waits for the inspector (20 s at
// most), installs a guest that leaves at once, and is gone.
//
// Cost: that of a Survivor.
// Threads: one.
#pragma once

#include <cstdint>
#include <set>

#include "capture/processes.h"
#include "capture/survivor.h"

namespace leaktrail {

class OpenGuard {
 public:
  // `before`: the target's listening sockets as they are now. `lock` stays ours as well.
  OpenGuard(const NodeProcess& process, const std::set<uint64_t>& before, int lock);
  // Without AllIsWell the guard takes over.
  ~OpenGuard() = default;

  bool stands() const { return survivor_.stands(); }
  void AllIsWell() { survivor_.AllIsWell(); }

 private:
  Survivor survivor_;
};

}  // namespace leaktrail
