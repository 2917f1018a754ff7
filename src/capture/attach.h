// An inspector connection to a live process that leaves the process as it was found.
//
//   checks ─▶ lock ─▶ SIGUSR1 ─▶ new listening socket ─▶ connect ─▶ process.pid ─▶ guest ─▶ work
//                                                                                           │
//   port gone ◀─ guest closes the inspector 100 ms later ◀─ our socket closes ◀─ "leave" ◀──┘
//
// The guest is one hidden object in the target with an unref'd timer, which is renewed while we
// live. If we die, the timer runs out and the guest takes itself, all that was registered with it,
// and the inspector away. It never closes an inspector that was open before we came, and never one
// to which a client is connected (also a stopped one of ours): closing then freezes the target's
// event loop until that client answers, on every version of Node from 10 to 26.
//
// Between the signal and the guest's arrival a small process of ours stands guard and does the
// same.
//
// Cost in the target: about 1 ms of its event loop for attaching, some microseconds a second after
// that. Its standard error says "Debugger listening on ...", which cannot be prevented.
// Threads: an Attachment has a thread that renews the timer; inspector() may be used from any
// thread.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "base/progress.h"
#include "base/result.h"
#include "capture/inspector.h"
#include "capture/processes.h"

namespace leaktrail {

// The guest, as a JavaScript expression. Its methods for users of an attachment:
//   atLeave(name, f)   f() is called when we leave or have died; an f of the same name is replaced
//   cancelLeave(name)  f is forgotten
// Values may be kept on it under names of one's own.
inline constexpr std::string_view kGuest = "globalThis[Symbol.for('leaktrail.guest')]";

struct AttachOptions {
  const CancelToken* cancel = nullptr;
  // How long the guest waits for a sign of life.
  std::chrono::milliseconds dead_man{5000};
  // How long the target may take to open its inspector.
  std::chrono::milliseconds open_timeout{10'000};
};

class Attachment {
 public:
  // All refusals are one sentence that says why and what to do: no such process, another user's, no
  // handler for SIGUSR1, a permission model, the port in use, another leaktrail attached to it.
  static Result<std::unique_ptr<Attachment>> Open(const Target& target,
                                                  const AttachOptions& options);
  // Leaves (Close), and waits at most two seconds until the port is gone.
  virtual ~Attachment() = default;

  virtual Inspector& inspector() = 0;
  // What is known of the process; pid 0 if it is on another machine or not ours to see.
  virtual const NodeProcess& process() const = 0;
  // process.pid as the target sees it (its own pid namespace).
  virtual ProcessId pid_inside() const = 0;
  // process.version without the v.
  virtual const std::string& node_version() const = 0;
  // False if the inspector was open before we came; it stays open then.
  virtual bool opened_by_us() const = 0;

  // Leaves now. An error only says that something may have been left, and what: the process is
  // gone, or another client keeps the inspector open (the guest closes it as soon as that client
  // goes).
  virtual Result<void> Close() = 0;
};

}  // namespace leaktrail
