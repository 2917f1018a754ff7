// The forked child: a copy of the service that writes one snapshot and ends.
//
// It must not be noticed by anyone the service talks to, so all its descriptors but its output lead
// to /dev/null. It must not be in the way, so it has the lowest priority and is the first to be
// killed when memory is short. And it must end, whatever happens, so it looks around five times a
// second: it ends when nobody reads its output any more, when the service has gone, when its time is
// up, and when it sleeps although its output could be written to (it waits for a thread that is not
// there).
#pragma once

#include "node_api_subset.h"

namespace leaktrail_fork {

// Exit codes, beside those of thread_hooks.h. 0: the snapshot is written.
inline constexpr int kExitThrew = 70;        // the function threw, or could not be called
inline constexpr int kExitAsleep = 78;       // waits for something that will not come
inline constexpr int kExitTime = 79;         // its time was up
inline constexpr int kExitNoReader = 80;     // nobody reads the output any more
inline constexpr int kExitServiceGone = 81;  // the service has ended

struct ChildOptions {
  int output;      // open for writing
  int timeout_s;   // at least 1
  int service;     // pid of the parent
};

// Calls function(output) and ends with a code. All signals are blocked when it begins.
[[noreturn]] void RunChild(napi_env env, napi_value function, const ChildOptions& options);

}  // namespace leaktrail_fork
