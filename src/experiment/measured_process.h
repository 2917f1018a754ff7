// One process under measurement: a service that we started, or one that runs, attached.
//
//   command ─▶ Service ─▶ answers ─▶ attach ─▶ Load, Measure, Load, Measure, … ─▶ Leave
//   target  ───────────────────────▶ attach ─────────▶ Measure, …              ─▶ Leave
//
// What `find`, `verify` and `bisect` do with one process is the same and stands here. Errors say
// what happened to the service rather than what happened to our connection: that it died, and of
// what; that it answers with errors only.
//
// Cost: see service.h, load.h and memory_probe.h.
// Threads: one at a time. Several processes may be under measurement at once.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "base/progress.h"
#include "base/result.h"
#include "capture/attach.h"
#include "capture/processes.h"
#include "experiment/load.h"
#include "experiment/memory_probe.h"
#include "experiment/rounds.h"
#include "experiment/service.h"

namespace leaktrail {

struct MeasuredLoad {
  uint32_t connections = 10;
  std::chrono::milliseconds time_limit{65'000};
};

class MeasuredProcess {
 public:
  // Starts the command, waits until it answers `request`, and attaches.
  static Result<std::unique_ptr<MeasuredProcess>> Start(const ServiceOptions& service,
                                                        const LoadRequest& request,
                                                        ProgressSink* progress);
  static Result<std::unique_ptr<MeasuredProcess>> AttachTo(const Target& target,
                                                           const CancelToken* cancel,
                                                           ProgressSink* progress);
  ~MeasuredProcess();
  MeasuredProcess(const MeasuredProcess&) = delete;
  MeasuredProcess& operator=(const MeasuredProcess&) = delete;

  bool has_service() const { return service_ != nullptr; }
  uint16_t port() const { return service_ ? service_->address().port : 0; }
  Attachment& attachment() { return *attachment_; }
  Inspector& inspector() { return attachment_->inspector(); }
  MemoryProbe& probe() { return *probe_; }

  // So many requests. Of a service only. In a cluster as many connections for each worker.
  Result<LoadResult> Load(const LoadRequest& request, uint64_t requests, const MeasuredLoad& load);
  // Settles, collects and reads.
  Result<MemoryReading> MeasureSettled(std::chrono::milliseconds at_most);
  // Of a service: how many processes share its requests. More than 1 in a cluster, of which one
  // worker is measured.
  uint32_t worker_count() const { return service_ ? service_->worker_count() : 1; }
  // Lowers the growth at which the rounds end to what this process's heap has room for, and the
  // machine. Of a cluster only the worker's share of the requests counts.
  Result<void> FitRounds(RoundsOptions* rounds);
  // An error of something done with this process, as what happened to the service.
  Error Explain(Error error);
  // Detaches, and ends the service if it is ours. The rest of the class is not for use after it.
  void Leave();

 private:
  explicit MeasuredProcess(const CancelToken* cancel) : cancel_(cancel) {}
  Result<void> Attach(const Target& target, ProgressSink* progress);

  const CancelToken* cancel_;
  std::unique_ptr<Service> service_;
  std::unique_ptr<Attachment> attachment_;
  std::unique_ptr<MemoryProbe> probe_;
  CancelToken gone_;  // the service is about to exit
};

}  // namespace leaktrail
