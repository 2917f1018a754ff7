// A process that does something for us if we die, whatever kills us.
//
// It waits for our end on a pipe: if we say that all is well it is gone, if the pipe just ends it
// does its task. It is nobody's child and in no session or process group of ours, so neither Ctrl-C
// nor a waiting parent gets to see it, and it holds no file of ours but those it is given.
//
// Cost: two forks, about 1 ms.
// Threads: from any. The task runs in a fork of what may be a program with threads: it must not
// count on locks of ours, and malloc is as far as it goes.
#pragma once

#include <functional>
#include <initializer_list>

#include "capture/tcp_connect.h"

namespace leaktrail {

class Survivor {
 public:
  // `keep`: the descriptors that the task needs; they stay open in both processes.
  Survivor(std::initializer_list<int> keep, const std::function<void()>& if_we_die);
  // Without AllIsWell the task runs.
  ~Survivor() = default;
  Survivor(const Survivor&) = delete;
  Survivor& operator=(const Survivor&) = delete;

  bool stands() const { return pipe_.valid(); }
  void AllIsWell();

 private:
  FileDescriptor pipe_;
};

}  // namespace leaktrail
