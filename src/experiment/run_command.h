// Runs a command to its end and keeps what it wrote.
//
// It stands below a keeper (keeper.h), so that it and all that it started are gone when it is
// cancelled, takes too long, or we die. It reads /dev/null.
//
// Cost: two processes. Output beyond kMaxOutputBytes is read and forgotten, from the front.
// Threads: may run several times at once. Linux.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/progress.h"
#include "base/result.h"

namespace leaktrail {

constexpr size_t kMaxOutputBytes = size_t{64} << 20;

struct CommandPlan {
  std::vector<std::string> command;      // searched for in PATH
  std::vector<std::string> environment;  // "NAME=value", all of it
  std::string folder;                    // "" for ours
  std::chrono::milliseconds time_limit{600'000};
  const CancelToken* cancel = nullptr;
};

struct CommandResult {
  int exit_code = 0;  // 128 + the signal's number, if one ended it
  bool timed_out = false;
  std::string output;  // standard output
  std::string errors;  // standard error
};

// Errors: it cannot be started, or it was cancelled. A bad exit code is none.
Result<CommandResult> RunCommand(const CommandPlan& plan);

// Ours, "NAME=value" each.
std::vector<std::string> OwnEnvironment();

}  // namespace leaktrail
