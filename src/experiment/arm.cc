#include "experiment/arm.h"

#include <fmt/format.h>

#include <utility>

namespace leaktrail {
namespace {

class PrefixedProgress : public ProgressSink {
 public:
  PrefixedProgress(ProgressSink* sink, std::string prefix)
      : sink_(sink), prefix_(std::move(prefix)) {}
  void Report(std::string_view phase, uint64_t done, uint64_t total) override {
    if (sink_ != nullptr) sink_->Report(prefix_ + std::string(phase), done, total);
  }

 private:
  ProgressSink* sink_;
  std::string prefix_;
};

}  // namespace

Arm::Arm(ArmOptions options)
    : options_(std::move(options)),
      progress_(std::make_unique<PrefixedProgress>(options_.progress, options_.progress_prefix)) {
  options_.service.cancel = options_.cancel;
  options_.rounds.cancel = options_.cancel;
}

Arm::~Arm() { Finish(); }

Result<void> Arm::Start() {
  Result<std::unique_ptr<MeasuredProcess>> process =
      MeasuredProcess::Start(options_.service, options_.request, progress_.get());
  if (!process) return tl::unexpected(process.error());
  process_ = std::move(*process);
  node_version_ = process_->attachment().node_version();
  port_ = process_->port();
  RoundsOptions rounds = options_.rounds;
  if (Result<void> fits = process_->FitRounds(&rounds); !fits) {
    Finish();
    return fits;
  }
  const MeasuredLoad load{rounds.connections, rounds.time_limit};
  RoundDriver driver;
  driver.load = [this, load](uint64_t n) { return process_->Load(options_.request, n, load); };
  driver.measure = [this] { return process_->MeasureSettled(options_.rounds.max_settle); };
  driver.on_progress = [this](const RoundsState& state, bool warming_up) {
    progress_->Report(ProgressOf(state, warming_up, "request"), 0, 0);
  };
  rounds_ = std::make_unique<RoundsRun>(std::move(driver), rounds);
  return {};
}

Result<bool> Arm::Step() {
  Result<bool> goes_on = rounds_->Step();
  if (!goes_on) Finish();
  return goes_on;
}

void Arm::Finish() { process_.reset(); }

const RoundsState& Arm::state() const {
  static const RoundsState kNone;
  return rounds_ ? rounds_->state() : kNone;
}

bool IsPortInUse(const Error& error) {
  return error.message.find("EADDRINUSE") != std::string::npos ||
         error.message.find("ddress already in use") != std::string::npos;
}

Result<RoundsState> RunArm(const ArmOptions& options) {
  Arm arm(options);
  if (Result<void> started = arm.Start(); !started) return tl::unexpected(started.error());
  for (;;) {
    Result<bool> goes_on = arm.Step();
    if (!goes_on) return tl::unexpected(goes_on.error());
    if (!*goes_on) break;
  }
  arm.Finish();
  return arm.state();
}

}  // namespace leaktrail
