#include "experiment/measured_process.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>

#include "capture/memory_room.h"

namespace leaktrail {
namespace {

// Requests that all fail before it is given up.
constexpr uint64_t kHopeless = 20;
constexpr double kHeapPart = 0.25;    // of V8's limit that a service may be filled by
constexpr double kMachinePart = 0.5;  // of the memory that is free
constexpr size_t kOutputLines = 6;
constexpr std::chrono::milliseconds kLastWords{3000};
constexpr std::chrono::milliseconds kLookAgain{100};

void Report(ProgressSink* progress, std::string_view phase) {
  if (progress != nullptr) progress->Report(phase, 0, 0);
}

}  // namespace

MeasuredProcess::~MeasuredProcess() { Leave(); }

Result<std::unique_ptr<MeasuredProcess>> MeasuredProcess::Start(const ServiceOptions& options,
                                                                const LoadRequest& request,
                                                                ProgressSink* progress) {
  Report(progress, "starting the service");
  Result<std::unique_ptr<Service>> service = Service::Start(options);
  if (!service) return tl::unexpected(service.error());
  std::unique_ptr<MeasuredProcess> measured(new MeasuredProcess(options.cancel));
  measured->service_ = std::move(*service);
  if (Result<void> answers = measured->service_->WaitUntilItAnswers(request); !answers) {
    return tl::unexpected(answers.error());
  }
  Result<NodeProcess> process = DescribeProcess(measured->service_->pid(), {});
  if (!process) return tl::unexpected(process.error());
  Target target;
  target.process = *process;
  if (Result<void> attached = measured->Attach(target, progress); !attached) {
    return tl::unexpected(attached.error());
  }
  return measured;
}

Result<std::unique_ptr<MeasuredProcess>> MeasuredProcess::AttachTo(const Target& target,
                                                                   const CancelToken* cancel,
                                                                   ProgressSink* progress) {
  std::unique_ptr<MeasuredProcess> measured(new MeasuredProcess(cancel));
  if (Result<void> attached = measured->Attach(target, progress); !attached) {
    return tl::unexpected(attached.error());
  }
  return measured;
}

Result<void> MeasuredProcess::Attach(const Target& target, ProgressSink* progress) {
  Report(progress, "attaching");
  AttachOptions attach;
  attach.cancel = cancel_;
  Result<std::unique_ptr<Attachment>> attachment = Attachment::Open(target, attach);
  if (!attachment) return tl::unexpected(Explain(attachment.error()));
  attachment_ = std::move(*attachment);
  probe_ = std::make_unique<MemoryProbe>(inspector(), attachment_->process().pid);
  inspector().OnEvent("NodeRuntime.waitingForDisconnect",
                      [this](const InspectorEvent&) { gone_.Cancel(); });
  return {};
}

Error MeasuredProcess::Explain(Error error) {
  // Attaching fails too where the service is about to exit.
  const bool cut_off = !attachment_ || !inspector().connected();
  if (has_service() && cut_off && error.kind != ErrorKind::kInterrupted) {
    const auto until = std::chrono::steady_clock::now() + kLastWords;
    while (service_->running() && std::chrono::steady_clock::now() < until) {
      std::this_thread::sleep_for(kLookAgain);
    }
  }
  if (error.kind == ErrorKind::kInterrupted || !service_ || service_->running()) return error;
  const std::string tail = service_->output_tail(kOutputLines);
  const bool out_of_memory = tail.find("heap out of memory") != std::string::npos;
  error.kind = ErrorKind::kEnvironment;
  error.message =
      fmt::format("the service did not live through the load: {}{}{}", service_->how_it_ended(),
                  out_of_memory ? ", its heap was full; use a smaller -n" : "",
                  tail.empty() ? "; it wrote nothing" : "; it wrote at the end: " + tail);
  return error;
}

Result<LoadResult> MeasuredProcess::Load(const LoadRequest& request, uint64_t requests,
                                         const MeasuredLoad& measured) {
  LoadOptions load;
  load.requests = requests;
  // A cluster shares out connections, one worker after the other.
  const uint32_t workers = worker_count();
  load.connections = (measured.connections + workers - 1) / workers * workers;
  load.hopeless_after = kHopeless;
  load.time_limit = measured.time_limit;
  load.cancel = cancel_;
  load.service_gone = &gone_;
  Result<LoadResult> result = RunLoad(service_->address(), request, load);
  if (!result) return result;
  if (cancel_ != nullptr && cancel_->cancelled()) {
    return Fail(ErrorKind::kInterrupted, "interrupted");
  }
  if (gone_.cancelled() || !service_->running()) return tl::unexpected(Explain({}));
  if (result->succeeded() > 0 || result->tried() == 0) return result;
  const LoadErrors& e = result->errors;
  const std::string what =
      e.status > 0    ? fmt::format("answers with status {}", result->by_status.begin()->first)
      : e.timeout > 0 ? std::string("does not answer in time")
                      : std::string("closes every connection");
  return Fail(ErrorKind::kEnvironment,
              fmt::format("the service {} to all of {} requests of {} {}; name what it answers "
                          "with --path, -m and -H",
                          what, result->tried(), request.method, request.paths.front()));
}

Result<MemoryReading> MeasuredProcess::MeasureSettled(std::chrono::milliseconds at_most) {
  SettleOptions settle;
  settle.at_most = at_most;
  settle.cancel = cancel_;
  if (Result<void> settled = probe_->Settle(settle); !settled) {
    return tl::unexpected(Explain(settled.error()));
  }
  Result<MemoryReading> reading = probe_->Measure();
  if (!reading) return tl::unexpected(Explain(reading.error()));
  return reading;
}

Result<void> MeasuredProcess::FitRounds(RoundsOptions* rounds) {
  Result<MemoryReading> now = probe_->Read();
  if (!now) return tl::unexpected(Explain(now.error()));
  if (now->heap_limit > 0) {
    rounds->max_heap_growth = std::min(rounds->max_heap_growth, kHeapPart * now->heap_limit);
  }
  const MemoryRoom room = ReadMemoryRoom(attachment_->process().pid, "");
  for (const std::optional<uint64_t>& bytes : {room.host_bytes, room.cgroup_bytes}) {
    if (!bytes) continue;
    const double part = kMachinePart * static_cast<double>(*bytes);
    const double before = rounds->max_resident_growth;
    rounds->max_resident_growth = before > 0 ? std::min(before, part) : part;
  }
  rounds->units_each /= worker_count();
  return {};
}

void MeasuredProcess::Leave() {
  probe_.reset();
  attachment_.reset();
  if (service_) service_->Stop();
}

}  // namespace leaktrail
