#include "cli/watch_loop.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <thread>

#include "capture/memory_room.h"
#include "cli/watch_snapshots.h"
#include "report/words.h"

namespace leaktrail {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::milliseconds kCancelCheck{20};
constexpr std::chrono::milliseconds kRestartCheck{500};
constexpr std::chrono::seconds kRestartPatience{60};
constexpr int kMostSilent = 30;  // each waits for ten seconds

std::string BootId() {
  std::ifstream in("/proc/sys/kernel/random/boot_id");
  std::string id;
  std::getline(in, id);
  return id;
}

// What stays the same when a service restarts.
std::string ServiceKey(const NodeProcess& process, const InspectorAddress& address) {
  if (process.pm2) return fmt::format("pm2:{}:{}", process.pm2->name, process.pm2->id);
  if (!process.script.empty()) return "script:" + process.script;
  return "inspector:" + ToString(address);
}

WatchLimits LimitsOf(const NodeProcess& process) {
  WatchLimits limits;
  limits.resident_bytes = process.limits.cgroup_bytes;
  limits.resident_limit_of = "cgroup";
  const std::optional<uint64_t> pm2 = process.limits.pm2_restart_bytes;
  if (pm2 && *pm2 < limits.resident_bytes.value_or(UINT64_MAX)) {
    limits.resident_bytes = pm2;
    limits.resident_limit_of = "pm2";
  }
  return limits;
}

HistoryPoint PointOf(const MemorySample& s) {
  HistoryPoint point{s.at,
                     s.resident_bytes,
                     s.heap_used_bytes,
                     s.heap_total_bytes,
                     s.heap_limit_bytes,
                     s.external_bytes,
                     {}};
  for (const MajorCollection& m : s.major_collections) {
    point.majors.push_back({m.at, m.pause_ms, m.live_heap_bytes, m.external_bytes});
  }
  return point;
}

MemorySample SampleOf(const HistoryPoint& p) {
  MemorySample sample;
  sample.at = p.at;
  sample.resident_bytes = p.resident_bytes;
  sample.heap_used_bytes = p.heap_used_bytes;
  sample.heap_total_bytes = p.heap_total_bytes;
  sample.heap_limit_bytes = p.heap_limit_bytes;
  sample.external_bytes = p.external_bytes;
  for (const HistoryMajor& m : p.majors) {
    sample.major_collections.push_back({m.at, m.pause_ms, m.live_heap_bytes, m.external_bytes});
  }
  return sample;
}

void FillVerdict(const WatchState& state, WatchRow* row) {
  row->verdict =
      state.outcome == GrowthOutcome::kGoOn ? "inconclusive" : OutcomeName(state.outcome);
  row->grows = state.grows;
  row->reason = state.reason;
  row->slope_of = state.slope_of;
  row->slope = state.slope.per_unit;
  row->slope_low = state.slope.low;
  row->slope_high = state.slope.high;
  row->seconds_to_limit = state.seconds_to_limit;
  row->limit_of = state.limit_of;
  row->live_heap_size = state.live_heap_bytes;
  row->major_count = state.major_count;
}

WatchRow RowOf(const MemorySample& s) {
  WatchRow row;
  row.at = s.at;
  row.resident_size = s.resident_bytes;
  row.heap_used_size = s.heap_used_bytes;
  row.heap_total_size = s.heap_total_bytes;
  row.heap_limit_size = s.heap_limit_bytes;
  row.external_size = s.external_bytes;
  row.array_buffer_size = s.array_buffer_bytes;
  if (s.split) {
    row.anonymous_size = s.split->anonymous_bytes;
    row.file_size = s.split->file_bytes;
    row.swap_size = s.split->swap_bytes;
  }
  row.handle_count = s.handles;
  row.timer_count = s.timers;
  row.delay_mean_ms = s.delay_mean_ms;
  row.delay_max_ms = s.delay_max_ms;
  row.minor_count = s.minor_collections;
  for (const MajorCollection& m : s.major_collections) row.major_pause_ms += m.pause_ms;
  row.uptime_seconds = s.uptime_seconds;
  row.cpu_seconds = s.cpu_seconds;
  row.cost_ms = s.cost_ms;
  return row;
}

double Now() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

class Watcher {
 public:
  Watcher(const WatchOptions& options, const WatchSinks& sinks)
      : options_(options), sinks_(sinks), began_(steady_clock::now()) {}

  Result<WatchEnd> Watch();

 private:
  enum class Step : uint8_t { kDone, kProcessGone };

  Result<void> Attach(const Target& target);
  void OpenHistory();
  void TakeUpHistory();
  Result<Step> Sample();
  bool AimReached() const;
  bool WaitUntil(steady_clock::time_point next) const;
  std::optional<Target> WaitForRestart(const NodeProcess& gone);
  void Tell(const char* name, std::string message);
  bool cancelled() const { return options_.cancel != nullptr && options_.cancel->cancelled(); }

  const WatchOptions& options_;
  const WatchSinks& sinks_;
  steady_clock::time_point began_;
  std::unique_ptr<Attachment> attachment_;
  std::optional<Sampler> sampler_;
  WatchSubject subject_;
  std::optional<GrowthWatch> growth_;
  std::unique_ptr<History> history_;
  int64_t run_ = 0;
  std::optional<SnapshotKeeper> keeper_;
  WatchEnd end_;
  bool enough_ = false;
  int silent_ = 0;  // samples in a row that did not come
};

void Watcher::Tell(const char* name, std::string message) {
  if (!sinks_.event({Now(), name, std::move(message)})) enough_ = true;
}

Result<void> Watcher::Attach(const Target& target) {
  AttachOptions attach;
  attach.cancel = options_.cancel;
  Result<std::unique_ptr<Attachment>> opened = Attachment::Open(target, attach);
  if (!opened) return tl::unexpected(opened.error());
  attachment_ = std::move(*opened);
  sampler_.emplace(*attachment_);
  const NodeProcess& process = attachment_->process();
  subject_.pid = process.pid;
  subject_.name = process.pid != 0 ? process.name : options_.target;
  subject_.node_version = attachment_->node_version();
  subject_.inspector = ToString(attachment_->inspector().address());
  growth_.emplace(LimitsOf(process));
  if (!sinks_.begin(subject_)) enough_ = true;
  TakeUpHistory();
  return {};
}

void Watcher::OpenHistory() {
  const std::string path = History::UsualPath();
  if (path.empty()) return;
  Result<std::unique_ptr<History>> opened = History::Open(path);
  if (opened) {
    history_ = std::move(*opened);
  } else {
    Tell("history", opened.error().message + "; this run is not kept");
  }
}

void Watcher::TakeUpHistory() {
  const NodeProcess& process = attachment_->process();
  if (!history_ || process.pid == 0) return;
  const Result<HistoryRun> run =
      history_->Begin({ServiceKey(process, attachment_->inspector().address()), process.pid,
                       process.start_ticks, BootId()});
  if (!run) {
    Tell("history", run.error().message);
    history_.reset();
    return;
  }
  run_ = run->id;
  for (const HistoryPoint& point : run->points) growth_->Add(SampleOf(point));
  if (!run->points.empty()) {
    Tell("history", fmt::format("goes on from {} samples since {}", run->points.size(),
                                UtcText(run->points.front().at)));
  } else if (run->before) {
    Tell("restart",
         fmt::format("a new process: pid {} was last seen at {} with {} resident", run->before->pid,
                     UtcText(run->before->last_at), FormatSize(run->before->last_resident_bytes)));
  }
}

Result<Watcher::Step> Watcher::Sample() {
  const Result<MemorySample> sample = sampler_->Take();
  if (!sample) {
    if (cancelled()) return Step::kDone;
    if (!attachment_->inspector().connected()) return Step::kProcessGone;
    // A busy event loop is a thing to tell, not a reason to stop watching.
    if (++silent_ >= kMostSilent) return tl::unexpected(sample.error());
    Tell("silent", sample.error().message);
    return Step::kDone;
  }
  silent_ = 0;
  const WatchState& state = growth_->Add(*sample);
  WatchRow row = RowOf(*sample);
  FillVerdict(state, &row);
  end_.last = row;
  ++end_.sample_count;
  if (history_) {
    if (Result<void> kept = history_->Append(run_, PointOf(*sample)); !kept) {
      Tell("history", kept.error().message + "; the rest is not kept");
      history_.reset();
    }
  }
  if (!sinks_.row(subject_, row)) enough_ = true;
  if (keeper_) {
    if (const std::optional<std::string> said = keeper_->Consider(*sample, *attachment_)) {
      Tell("snapshot", *said);
    }
  }
  return Step::kDone;
}

bool Watcher::AimReached() const {
  const WatchUntil& until = options_.until;
  if (until.verdict && growth_->Finish() != GrowthOutcome::kInconclusive) return true;
  if (until.resident_bytes && end_.last.resident_size >= *until.resident_bytes) return true;
  const std::chrono::duration<double> watched = steady_clock::now() - began_;
  return until.seconds && watched.count() >= *until.seconds;
}

bool Watcher::WaitUntil(steady_clock::time_point next) const {
  while (!cancelled()) {
    const auto now = steady_clock::now();
    if (now >= next) return true;
    std::this_thread::sleep_for(std::min<steady_clock::duration>(next - now, kCancelCheck));
  }
  return false;
}

// The same name as another process. A pid or an address that is gone does not come back.
std::optional<Target> Watcher::WaitForRestart(const NodeProcess& gone) {
  if (gone.pid == 0 || options_.target == fmt::format("{}", gone.pid) ||
      ParseInspectorAddress(options_.target)) {
    return std::nullopt;
  }
  Tell("restart",
       fmt::format("process {} has ended; waiting for {} to come back", gone.pid, options_.target));
  const auto deadline = steady_clock::now() + kRestartPatience;
  while (!enough_ && steady_clock::now() < deadline) {
    Result<Target> target = ResolveTarget(options_.target);
    // A process that is still starting has no handler for SIGUSR1: Attach says so, and is asked
    // again.
    if (target && target->process && target->process->pid != gone.pid) return std::move(*target);
    if (!WaitUntil(steady_clock::now() + kRestartCheck)) break;
  }
  return std::nullopt;
}

Result<WatchEnd> Watcher::Watch() {
  Result<Target> target = ResolveTarget(options_.target);
  if (!target) return tl::unexpected(target.error());
  OpenHistory();
  OfferToBeKilled();
  if (Result<void> attached = Attach(*target); !attached) return tl::unexpected(attached.error());
  if (options_.snapshots) keeper_.emplace(*options_.snapshots, options_.cancel);
  const auto interval = std::chrono::duration_cast<steady_clock::duration>(
      std::chrono::duration<double>(options_.interval_seconds));
  auto next = steady_clock::now();
  while (!enough_ && !cancelled()) {
    const Result<Step> step = Sample();
    if (!step) return tl::unexpected(step.error());
    if (*step == Step::kProcessGone) {
      const NodeProcess gone = attachment_->process();
      sampler_.reset();
      attachment_.reset();
      Result<void> attached = Fail(ErrorKind::kEnvironment, "");
      while (!attached && !cancelled()) {
        const std::optional<Target> again = WaitForRestart(gone);
        if (!again) break;
        attached = Attach(*again);
        if (!attached && !WaitUntil(steady_clock::now() + kRestartCheck)) break;
      }
      if (!attached) {
        if (!cancelled()) {
          end_.trouble = fmt::format("process {} ({}) has ended", gone.pid, gone.name);
        }
        break;
      }
      next = steady_clock::now();
      continue;
    }
    if (AimReached()) break;
    next = std::max(next + interval, steady_clock::now());
    if (!WaitUntil(next)) break;
  }
  end_.outcome = growth_->Finish();
  end_.last.verdict = OutcomeName(end_.outcome);
  if (attachment_) {
    if (Result<void> left = attachment_->Close(); !left) end_.trouble = left.error().message;
  }
  return end_;
}

}  // namespace

Result<WatchEnd> WatchTarget(const WatchOptions& options, const WatchSinks& sinks) {
  return Watcher(options, sinks).Watch();
}

}  // namespace leaktrail
