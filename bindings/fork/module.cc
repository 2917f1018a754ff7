// A module for a live Node process: forks it, and the child runs a function of JavaScript.
//
//   prepare() ──▶ preparing ──▶ ready ──fork(f, fifo, …)──▶ running ──▶ done
//                                 └────── release() ──▶ idle
//
//   prepare()                    starts a thread that finds the heap's regions and shares them
//   fork(f, fifo, seconds, ms)   waits up to `ms` for idle threads, forks; the child calls f(fd), fd
//                                being the fifo, and ends after `seconds` at the latest. The parent
//                                gets what status() gives, or an error in it.
//   fifo(path)                   makes it, mode 0600
//   status()                     JSON: state, pid, code or signal of the ended child, what it used
//   release()                    takes prepare back; ends the child, if there is one
//
// What was prepared and is not used within half a minute is taken back.
//
// In the parent a thread waits for the child, so that no zombie stays whatever becomes of the caller,
// and gives V8 its flags back. It ends with the child. Only this child is waited for: the service's
// own children and its handling of SIGCHLD are not touched (it sees one SIGCHLD more).
//
// Written for any Node from 12 on and glibc from 2.17 on: Node-API and the C library only, no C++
// library. One fork at a time in a process; the caller sees to that.
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "clock.h"
#include "heap_regions.h"
#include "node_api_subset.h"
#include "old_glibc.h"
#include "threads.h"

namespace leaktrail_fork {
namespace {

enum State : int { kIdle, kPreparing, kReady, kFailed, kRunning, kDone };
const char* const kStateNames[] = {"idle", "preparing", "ready", "failed", "running", "done"};

constexpr double kUnusedMs = 30'000;
constexpr useconds_t kLookMicroseconds = 50'000;

// The list is its thread's while kPreparing and from kRunning on, the caller's else.
RegionList* regions = nullptr;
int state = kIdle;  // atomic, see Get and Set

int Get(const int* value) { return __atomic_load_n(value, __ATOMIC_ACQUIRE); }
void Set(int* value, int to) { __atomic_store_n(value, to, __ATOMIC_RELEASE); }

// Of the last fork. Written before kRunning and, the second part, before kDone.
struct LastFork {
  int pid = 0;
  int busy = 0;       // threads that ran all the same
  int new_regions = 0;
  double look_ms = 0;  // inside the pause: list of regions
  double idle_ms = 0;  // … waiting for threads
  double fork_ms = 0;  // … the system call
  double pause_ms = 0;

  int code = 0, signal = 0;  // code -1: somebody else has waited for it
  double cpu_ms = 0;
  long peak_kilobytes = 0;
};
LastFork last;

// A thread of our own that sees no signal of the service's.
bool StartThread(void* (*body)(void*)) {
  sigset_t all, before;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, &before);
  pthread_t thread;
  const bool started = pthread_create(&thread, nullptr, body, nullptr) == 0;
  if (started) pthread_detach(thread);
  sigprocmask(SIG_SETMASK, &before, nullptr);
  return started;
}

double Milliseconds(const timeval& t) {
  return static_cast<double>(t.tv_sec) * 1e3 + static_cast<double>(t.tv_usec) / 1e3;
}

// True if the state was `from`, which it then is no more.
bool Change(int from, int to) {
  return __atomic_compare_exchange_n(&state, &from, to, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

// kPreparing is the right to use the list.
void TakeBack() {
  ShareNewRegions(regions);  // marks those that are still there
  UnshareRegions(regions, true);
  Set(&state, kIdle);
}

int prepare_count = 0;

void* PrepareInThread(void* /*unused*/) {
  const int own = Get(&prepare_count);
  const bool shared = ShareHeapRegions(regions);
  Set(&state, shared ? kReady : kFailed);
  if (!shared) return nullptr;
  const double deadline = NowMs() + kUnusedMs;
  while (NowMs() < deadline) {
    usleep(kLookMicroseconds);
    if (Get(&state) != kReady || Get(&prepare_count) != own) return nullptr;
  }
  if (Change(kReady, kPreparing)) TakeBack();
  return nullptr;
}

// Held while the child's pid is freed or used, so that nobody else's process is ever killed.
pthread_mutex_t pid_lock = PTHREAD_MUTEX_INITIALIZER;

// Waits for the child, with or without blocking.
void WaitForChild(bool block) {
  siginfo_t ended{};
  while (block && waitid(P_PID, static_cast<id_t>(last.pid), &ended, WEXITED | WNOWAIT) < 0 &&
         errno == EINTR) {
  }
  pthread_mutex_lock(&pid_lock);
  int status = 0;
  rusage usage{};
  const pid_t got = wait4(last.pid, &status, WNOHANG, &usage);
  if (got == 0) {
    pthread_mutex_unlock(&pid_lock);
    return;
  }
  last.code = got < 0 ? -1 : WIFEXITED(status) ? WEXITSTATUS(status) : 0;
  last.signal = got > 0 && WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  last.cpu_ms = Milliseconds(usage.ru_utime) + Milliseconds(usage.ru_stime);
  last.peak_kilobytes = usage.ru_maxrss;
  Set(&state, kDone);
  pthread_mutex_unlock(&pid_lock);
}

void* WaitInThread(void* /*unused*/) {
  UnshareRegions(regions, true);
  WaitForChild(true);
  return nullptr;
}
int no_thread_waits = 0;

napi_value Text(napi_env env, const char* text) {
  napi_value value = nullptr;
  napi_create_string_utf8(env, text, kNapiAutoLength, &value);
  return value;
}

napi_value ErrorText(napi_env env, const char* what, int error) {
  char text[256];
  snprintf(text, sizeof text, R"({"state":"%s","error":"%s: errno %d"})",
           kStateNames[Get(&state)], what, error);
  return Text(env, text);
}

napi_value StatusText(napi_env env) {
  const int now = Get(&state);
  char text[640];
  int n = snprintf(text, sizeof text, R"({"state":"%s")", kStateNames[now]);
  if (now == kRunning || now == kDone) {
    n += snprintf(text + n, sizeof text - static_cast<size_t>(n),
                  R"(,"pid":%d,"busy":%d,"new_regions":%d,"look_ms":%.3f,"idle_ms":%.3f,)"
                  R"("fork_ms":%.3f,"pause_ms":%.3f)",
                  last.pid, last.busy, last.new_regions, last.look_ms, last.idle_ms, last.fork_ms,
                  last.pause_ms);
  }
  if (now == kDone) {
    n += snprintf(text + n, sizeof text - static_cast<size_t>(n),
                  R"(,"code":%d,"signal":%d,"cpu_ms":%.1f,"peak_kilobytes":%ld)", last.code,
                  last.signal, last.cpu_ms, last.peak_kilobytes);
  }
  snprintf(text + n, sizeof text - static_cast<size_t>(n), "}");
  return Text(env, text);
}

napi_value Prepare(napi_env env, napi_callback_info /*info*/) {
  const int now = Get(&state);
  if (now == kIdle || now == kFailed || now == kDone) {
    if (regions == nullptr) regions = static_cast<RegionList*>(calloc(1, sizeof(RegionList)));
    Set(&prepare_count, Get(&prepare_count) + 1);
    Set(&state, kPreparing);
    if (!StartThread(PrepareInThread)) Set(&state, kFailed);
  }
  return StatusText(env);
}

napi_value Fifo(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value path_value = nullptr;
  char path[4096];
  if (napi_get_cb_info(env, info, &count, &path_value, nullptr, nullptr) != kNapiOk ||
      napi_get_value_string_utf8(env, path_value, path, sizeof path, nullptr) != kNapiOk) {
    return ErrorText(env, "arguments", EINVAL);
  }
  if (mkfifo(path, 0600) != 0) return ErrorText(env, "cannot make a fifo", errno);
  return StatusText(env);
}

napi_value Fork(napi_env env, napi_callback_info info) {
  size_t count = 4;
  napi_value argument[4] = {};
  char fifo[4096];
  int32_t timeout_s = 0, patience_ms = 0;
  if (napi_get_cb_info(env, info, &count, argument, nullptr, nullptr) != kNapiOk || count != 4 ||
      napi_get_value_string_utf8(env, argument[1], fifo, sizeof fifo, nullptr) != kNapiOk ||
      napi_get_value_int32(env, argument[2], &timeout_s) != kNapiOk || timeout_s < 1 ||
      napi_get_value_int32(env, argument[3], &patience_ms) != kNapiOk) {
    return ErrorText(env, "arguments", EINVAL);
  }
  // Fails at once, instead of waiting, if nobody has opened it for reading.
  const int output = open(fifo, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
  if (output < 0) return ErrorText(env, "cannot open the fifo", errno);
  if (!Change(kReady, kPreparing)) {
    close(output);
    return ErrorText(env, "not ready", EBUSY);
  }

  last = LastFork{};
  const double begin = NowMs();
  last.new_regions = ShareNewRegions(regions);
  const double looked = NowMs();
  last.busy = WaitUntilThreadsIdle(patience_ms);
  const double idle = NowMs();
  sigset_t all, before;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, &before);
  const pid_t service = getpid();
  const pid_t pid = fork();
  const int error = errno;
  if (pid == 0) RunChild(env, argument[0], {output, timeout_s, service});
  sigprocmask(SIG_SETMASK, &before, nullptr);
  const double forked = NowMs();
  close(output);
  if (pid < 0) {
    UnshareRegions(regions, true);
    Set(&state, kIdle);
    return ErrorText(env, "cannot fork", error);
  }
  last.pid = pid;
  last.look_ms = looked - begin;
  last.idle_ms = idle - looked;
  last.fork_ms = forked - idle;
  Set(&state, kRunning);
  no_thread_waits = !StartThread(WaitInThread);
  if (no_thread_waits) UnshareRegions(regions, true);
  last.pause_ms = NowMs() - begin;
  return StatusText(env);
}

napi_value Status(napi_env env, napi_callback_info /*info*/) {
  if (Get(&state) == kRunning && no_thread_waits) WaitForChild(false);
  return StatusText(env);
}

napi_value Release(napi_env env, napi_callback_info /*info*/) {
  if (Change(kReady, kPreparing)) {
    TakeBack();
  } else if (Get(&state) == kRunning) {
    pthread_mutex_lock(&pid_lock);
    if (Get(&state) == kRunning) kill(last.pid, SIGKILL);
    pthread_mutex_unlock(&pid_lock);
    if (no_thread_waits) WaitForChild(true);
  }
  return StatusText(env);
}

}  // namespace
}  // namespace leaktrail_fork

// Node 12 and newer look for this name; no registration at load time is needed.
extern "C" __attribute__((visibility("default"))) napi_value napi_register_module_v1(
    napi_env env, napi_value exports) {
  using namespace leaktrail_fork;
  const struct {
    const char* name;
    napi_callback function;
  } functions[] = {{"fifo", Fifo}, {"prepare", Prepare}, {"fork", Fork}, {"status", Status}, {"release", Release}};
  for (const auto& f : functions) {
    napi_value value = nullptr;
    if (napi_create_function(env, f.name, kNapiAutoLength, f.function, nullptr, &value) !=
            kNapiOk ||
        napi_set_named_property(env, exports, f.name, value) != kNapiOk) {
      break;
    }
  }
  return exports;
}
