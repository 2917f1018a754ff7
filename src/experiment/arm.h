// One arm of an experiment: a command, possibly changed, under rounds of load until its verdict is
// safe.
//
//   Start ─▶ Step ─▶ Step ─▶ … ─▶ false ─▶ Finish        several arms can be alive and take turns
//
// An error is one sentence that says what happened to this arm: its command does not start or stay,
// it never answers, it answers with errors only, it dies under load (and if its heap was full).
// Whichever step it comes from, the service has been ended then.
//
// Cost: the time of RoundsOptions. Threads: one at a time.
#pragma once

#include <memory>
#include <string>

#include "base/progress.h"
#include "base/result.h"
#include "experiment/load.h"
#include "experiment/measured_process.h"
#include "experiment/rounds.h"
#include "experiment/service.h"

namespace leaktrail {

struct ArmOptions {
  ServiceOptions service;
  LoadRequest request;
  RoundsOptions rounds;
  ProgressSink* progress = nullptr;
  std::string progress_prefix;          // "koa 2.13: ", before what the arm reports
  const CancelToken* cancel = nullptr;  // for all of it
};

class Arm {
 public:
  explicit Arm(ArmOptions options);
  ~Arm();
  Arm(const Arm&) = delete;
  Arm& operator=(const Arm&) = delete;

  // Starts the service, waits until it answers, attaches.
  Result<void> Start();
  // One round; false if it was the last.
  Result<bool> Step();
  // Ends the service; the state stays.
  void Finish();

  const RoundsState& state() const;
  const std::string& node_version() const { return node_version_; }  // after Start
  uint16_t port() const { return port_; }                            // likewise

 private:
  ArmOptions options_;
  std::unique_ptr<ProgressSink> progress_;
  std::unique_ptr<MeasuredProcess> process_;
  std::unique_ptr<RoundsRun> rounds_;
  std::string node_version_;
  uint16_t port_ = 0;
};

// Whether the service could not have the port that it wants, and what to do about it.
bool IsPortInUse(const Error& error);
constexpr const char* kPortInUseAdvice =
    "; another process has its port: end that one, or let the service listen on process.env.PORT";

// Start, Step until it is over, Finish.
Result<RoundsState> RunArm(const ArmOptions& options);

}  // namespace leaktrail
