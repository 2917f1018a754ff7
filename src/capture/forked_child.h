// The fork module inside a target: loading it, and one forked child at a time.
//
//   Create ─▶ load the module if it is not there ─▶ folder and FIFO in the target ─▶ prepare
//   Start  ─▶ open the FIFO ─▶ fork ─▶ folder and FIFO removed
//   Read   ─▶ what the child writes, until it has ended
//   End    ─▶ how it ended
//
// All files are made by the target itself, in the first of its temporary folders where modules can
// be loaded, in a folder of mode 0700; the module's file is removed as soon as it is loaded. If we
// die in between, the guest (attach.h) removes them.
//
// Cost in the target: about a millisecond of its event loop to load, once; for the fork itself see
// bindings/fork. Threads: one.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/progress.h"
#include "base/result.h"
#include "capture/attach.h"

namespace leaktrail {

struct ForkedChildOptions {
  InspectorSession session;
  std::chrono::seconds timeout{900};
  // How long the fork may wait, within the pause, for other threads to become idle.
  std::chrono::milliseconds patience{20};
  const CancelToken* cancel = nullptr;
};

struct ChildEnd {
  int code = 0;    // of bindings/fork; -1: unknown
  int signal = 0;  // 0: it ended by itself
  double pause_ms = 0;
  double cpu_ms = 0;
  uint64_t peak_bytes = 0;
  bool good() const { return code == 0 && signal == 0; }
  bool worth_another_try() const;
  std::string Reason() const;  // "it waited for a thread that is not there (75)"
};

class ForkedChild {
 public:
  static Result<std::unique_ptr<ForkedChild>> Create(Attachment& target,
                                                     const ForkedChildOptions& options);
  // Ends the child if it still runs, and removes what is left.
  ~ForkedChild();
  ForkedChild(const ForkedChild&) = delete;
  ForkedChild& operator=(const ForkedChild&) = delete;

  Result<void> Start();
  // Waits for bytes at most 100 ms: how many came, 0 if none. `ended` is set at the end.
  Result<size_t> Read(std::span<char> out, bool* ended);
  // At once, by a signal. Where the kernel does not tell whose child it is, End does it, within the
  // fifth of a second in which the child sees that nobody reads.
  void Kill();
  Result<ChildEnd> End();

 private:
  ForkedChild(Attachment& target, const ForkedChildOptions& options)
      : target_(target), options_(options) {}
  Result<void> Load();
  Result<void> MakeFifo();
  Result<void> Prepare();
  Result<nlohmann::json> Ask(const std::string& expression, bool main_thread = false);
  Result<nlohmann::json> AskModule(const std::string& call);

  Attachment& target_;
  ForkedChildOptions options_;
  std::string folder_;  // in the target
  int fifo_ = -1;
  bool started_ = false, over_ = false;
};

}  // namespace leaktrail
