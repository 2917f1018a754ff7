// The process that stands between us and a started command, and ends the command's whole tree when
// we are gone (service.h).
//
// Runs after a fork of a program with threads: it uses system calls only, no memory of the heap.
// Threads: none.
#pragma once

#include <cstdint>

namespace leaktrail {

// What the keeper tells, in the order in which it happens.
enum class KeeperNews : uint8_t {
  kStarted,      // value: the command's pid
  kCannotStart,  // value: errno of exec
  kEnded,        // value: status as waitpid has it, of `pid`
};
struct KeeperMessage {
  KeeperNews news;
  int32_t value;
  int32_t pid = 0;  // kEnded: the command, or what it had left behind
};

struct KeeperPlan {
  const char* program = nullptr;       // to execute; arguments[0] if not set
  const char* folder = nullptr;        // the command starts in; nullptr is ours
  char* const* arguments = nullptr;    // of the command, ends with nullptr
  char* const* environment = nullptr;  // likewise
  int life_fd = -1;                    // reads; closes when the keeper has to end everything
  int news_fd = -1;                    // writes KeeperMessage
  int output_fd = -1;                  // the command's standard output and error
  int error_fd = -1;                   // its standard error, where that is wanted apart
  int null_fd = -1;                    // its standard input
  int grace_ms = 1500;                 // between SIGTERM and SIGKILL
};

[[noreturn]] void RunKeeper(const KeeperPlan& plan);

}  // namespace leaktrail
