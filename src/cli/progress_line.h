// One line on the terminal about work that takes longer than a second: phase, bytes, time left.
//
//   reading 3.heapsnapshot  412 MB of 824 MB, 1.1 s left
//
// Nothing is ever written unless standard error is a terminal.
// Threads: Report and SetSubject from any; a thread of its own draws.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "base/progress.h"

namespace leaktrail {

class ProgressLine : public ProgressSink {
 public:
  ProgressLine();
  ~ProgressLine() override;
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  void Report(std::string_view phase, uint64_t done, uint64_t total) override;
  // The whole line, by who knows more than a phase and bytes; "" goes back to those.
  void SetStatus(std::string_view status);
  // The file that is worked on.
  void SetSubject(std::string_view subject);
  // Takes the line away for good; before anything is printed.
  void Stop();

 private:
  using Clock = std::chrono::steady_clock;
  void Run();
  std::string Line() const;  // mutex_ held

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool stopped_ = false;
  bool drawn_ = false;
  std::string status_;
  std::string subject_;
  std::string phase_;
  uint64_t done_ = 0, total_ = 0;
  Clock::time_point phase_begin_;
  std::thread thread_;
};

}  // namespace leaktrail
