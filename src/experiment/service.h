// A service that we start, and that is gone when we are.
//
//   leaktrail ──life pipe──▶ keeper ──▶ command ──▶ its children …
//        ◀──output pipe──────────────────┘
//
// The keeper is a fork of ours in a process group of its own. It adopts what its descendants leave
// behind (PR_SET_CHILD_SUBREAPER), and as soon as the life pipe closes, because we stop the service
// or because we died of whatever, it ends the whole tree: SIGTERM, SIGKILL after a grace. If the
// keeper itself is killed, the kernel kills the command (PR_SET_PDEATHSIG).
//
// The command has our environment (with --inspect-port in NODE_OPTIONS) and folder, as far as the
// options do not change them, and a process
// group of its own; a Ctrl-C on the terminal reaches us and not the service. It reads /dev/null; of
// what it writes the last lines are kept for error messages.
//
// Cost: two processes and a thread. Linux.
// Threads: one at a time, except output_tail() and running().
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/progress.h"
#include "base/result.h"
#include "experiment/load.h"

namespace leaktrail {

struct EnvironmentChange {
  std::string name;
  std::optional<std::string> value;  // none: the variable is taken away
};

struct ServiceOptions {
  std::vector<std::string> command;  // searched for in the PATH that it gets
  std::string folder;                // it starts in; "" is ours
  std::vector<EnvironmentChange> environment;
  std::string path_prefix;  // a folder that stands first in its PATH, for another Node; "" for none
  std::vector<std::string> node_flags;  // added to NODE_OPTIONS
  std::chrono::milliseconds start_timeout{30'000};
  std::chrono::milliseconds stop_grace{1500};
  // The port to use where the service has several; 0: the one that answers.
  uint16_t port = 0;
  const CancelToken* cancel = nullptr;
};

class Service {
 public:
  // Starts the command. An error if it cannot be started.
  static Result<std::unique_ptr<Service>> Start(const ServiceOptions& options);
  // Stops it.
  virtual ~Service() = default;

  // Waits until a process of the service answers HTTP on a port of this machine. Errors: it ended
  // (with its status and the end of its output), it never listened, it never answered.
  virtual Result<void> WaitUntilItAnswers(const LoadRequest& request) = 0;

  // Of the process that answers, and where it is reached; after WaitUntilItAnswers. Of a cluster it
  // is one worker: what is done for a request is done there.
  virtual int pid() const = 0;
  virtual const LoadAddress& address() const = 0;
  // Processes among which the requests are shared out; 1 if it is no cluster.
  virtual uint32_t worker_count() const = 0;
  // Other ports it answers on, which were not taken.
  virtual const std::vector<uint16_t>& other_ports() const = 0;

  virtual bool running() const = 0;
  // "it ended with exit code 1", "it was killed by signal 9 (Killed)"; "" while it runs.
  virtual std::string how_it_ended() const = 0;
  // The last lines of what it wrote, at most so many, joined by " | ".
  virtual std::string output_tail(size_t lines) const = 0;
  // The whole tree; returns when it is gone.
  virtual void Stop() = 0;
};

}  // namespace leaktrail
