// Makes the thread functions of the C library harmless in a process that has lost its threads.
//
// A forked child has one thread; V8 goes on as if its workers were there. It wakes them (glibc's
// pthread_cond_signal then waits for ever for a waiter that was just leaving) and, if a job was
// under way, waits for them. V8's flags for working without threads cannot be changed at that point:
// several versions abort. So in the child the entries of all loaded objects for these functions are
// pointed at ours: locking and waking do nothing, waiting ends the child with a code of its own.
//
// Only the tables of the objects that call are changed (GOT), never the C library, and only in the
// child.
#pragma once

namespace leaktrail_fork {

inline constexpr int kExitNoHooks = 74;    // no object of this process calls these by a table
inline constexpr int kExitCondition = 75;  // would have waited for a condition
inline constexpr int kExitSemaphore = 76;  // … for a semaphore
inline constexpr int kExitJoin = 77;       // … for a thread's end

// How many entries were changed. 0: this cannot work (a node without dynamic linking).
int HookThreadFunctions();

}  // namespace leaktrail_fork
