#include "experiment/find.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>
#include <utility>

#include "capture/heap_profile.h"
#include "capture/memory_room.h"
#include "engine/find_leaks.h"
#include "engine/session.h"
#include "experiment/frame_places.h"
#include "experiment/join.h"
#include "experiment/measured_process.h"
#include "experiment/process_tree.h"
#include "experiment/quiet_check.h"
#include "experiment/rounds_facts.h"
#include "experiment/snapshot_files.h"

namespace leaktrail {
namespace {

using Clock = std::chrono::steady_clock;

// One allocation in so many bytes: a leak of 3 MB is then some 200 samples.
constexpr uint32_t kSamplingInterval = 16 * 1024;
// The first snapshot waits until something grows, and the second until it has grown for a while.
constexpr size_t kRoundsBeforeSnapshot = 4;
constexpr size_t kRoundsBetweenSnapshots = 4;
constexpr double kMiddle = 0.45;
constexpr double kGrowthBeforeSnapshot = 48 * 1024;
// What reading a run's snapshots takes: 1.37 were measured for three of 200 MB (docs/performance.md).
constexpr double kMemoryPerTextByte = 1.5;
// Stacks that --verbose and JSON show.
constexpr size_t kShownStacks = 10;

// Of a running process: what a round is made of, how long it lasts at most, and growth that
// matters.
constexpr std::chrono::milliseconds kTick{100};
constexpr uint64_t kTicksInRound = 25;
constexpr double kRelevantPerSecond = 1024;
// Of a wait without load.
constexpr double kSecondsWorthNaming = 5;

void Report(const FindOptions& options, std::string_view phase, uint64_t done = 0,
            uint64_t total = 0) {
  if (options.progress != nullptr) options.progress->Report(phase, done, total);
}

// The experiment's verdict over trail's: it has seen more of the process than three snapshots show.
// But no experiment lasts long enough for a container that is emptied when it is full enough.
// And what is let go without load does not leak.
void PutVerdict(const RoundsState& rounds, const std::optional<QuietFinding>& quiet,
                const std::string& unit, Findings* findings) {
  const bool doubted = findings->verdict == Verdict::kInconclusive && !findings->suspects.empty() &&
                       findings->suspects.front().size_is_checked;
  const std::string doubt = findings->reason;
  switch (rounds.outcome) {
    case GrowthOutcome::kLeak:
      findings->verdict = Verdict::kLeak;
      break;
    case GrowthOutcome::kNoLeak:
      findings->verdict = Verdict::kNoLeak;
      break;
    case GrowthOutcome::kGoOn:
    case GrowthOutcome::kInconclusive:
      findings->verdict = Verdict::kInconclusive;
      break;
  }
  const GrowthVerdict& telling = GrowsOutsideHeap(rounds) ? rounds.external : rounds.heap;
  const char* what = GrowsOutsideHeap(rounds) ? "memory outside V8's heap" : "the heap";
  const double units = rounds.units();
  findings->reason = fmt::format("{}: {} ({:.0f} {}s in {} rounds)", what, telling.reason, units,
                                 unit, rounds.rounds.size());
  const bool is_leak = rounds.outcome == GrowthOutcome::kLeak;
  const Suspect* const first =
      is_leak && !findings->suspects.empty() ? &findings->suspects.front() : nullptr;
  if (is_leak && quiet && quiet->doubtful()) {
    findings->verdict = quiet->let_go() ? Verdict::kNoLeak : Verdict::kInconclusive;
    findings->reason = fmt::format(
        "{} grows with the load, but {:.0f} % of that was let go in {:.0f} s without any{} ({:.0f} "
        "{}s in {} rounds)",
        what, 100 * std::min(quiet->gone, 1.0), quiet->seconds,
        quiet->let_go() ? "" : "; the rest may leak, or live longer", units, unit,
        rounds.rounds.size());
  } else if (is_leak && doubted && rounds.done_part < 1) {
    findings->verdict = Verdict::kInconclusive;
    findings->reason = doubt;
  } else if (first != nullptr && first->is_emptied_too) {
    findings->verdict = Verdict::kInconclusive;
    findings->reason = fmt::format(
        "{} grows with the load, but the code that fills the container also empties it, and may "
        "only do so after more than these {:.0f} {}s",
        what, units, unit);
  } else if (first != nullptr && first->had_room) {
    findings->verdict = Verdict::kInconclusive;
    findings->reason = fmt::format(
        "{} grows with the load, but the list that grows had room for all of it from the start, as "
        "that of a cache or a ring has; it was not full after these {:.0f} {}s",
        what, units, unit);
  }
  if (findings->verdict == Verdict::kInconclusive && telling.units_to_settle) {
    findings->reason +=
        fmt::format("; about {:.0f} {}s more would settle it", *telling.units_to_settle, unit);
  }
  if (findings->verdict == Verdict::kLeak && quiet && quiet->seconds >= kSecondsWorthNaming) {
    findings->reason +=
        fmt::format("; it was still there after {:.0f} s without load", quiet->seconds);
  }
  GrowthRate& growth = findings->growth;
  growth.unit = unit;
  growth.heap_bytes_per_unit = rounds.heap.growth.per_unit;
  growth.interval_low = rounds.heap.growth.low;
  growth.interval_high = rounds.heap.growth.high;
  growth.external_bytes_per_unit = rounds.external.growth.per_unit;
  growth.rss_bytes_per_unit = rounds.resident.growth.per_unit;
  growth.false_alarm_bound = rounds.heap.false_alarm_bound + rounds.external.false_alarm_bound;
  if (!quiet || !quiet->let_go()) return;
  const double stayed = std::max(1 - quiet->gone, 0.0);
  growth.heap_bytes_per_unit *= stayed;
  growth.interval_low *= stayed;
  growth.interval_high *= stayed;
  growth.external_bytes_per_unit = rounds.external.growth.per_unit * stayed;
}

// Names the places of the snapshots as those of the stacks are named.
void ShowAsWritten(const FramePlaces& places, Findings* findings) {
  const auto with_package = [&](std::optional<CodePlace>* place, std::string* package) {
    if (!*place) return;
    const std::string before = (*place)->package;
    places.ShowAsWritten(&**place);
    if (*package == before) *package = (*place)->package;
  };
  if (findings->culprit) places.ShowAsWritten(&findings->culprit->place);
  for (Suspect& suspect : findings->suspects) {
    if (suspect.culprit) places.ShowAsWritten(&suspect.culprit->place);
    with_package(&suspect.location, &suspect.package);
    if (suspect.owner) with_package(&suspect.owner->location, &suspect.owner->package);
    for (TrailStep& step : suspect.trail) with_package(&step.location, &step.package);
  }
}

// One run: the service's connection, its snapshots and profiles.
class Finder {
 public:
  explicit Finder(const FindOptions& options) : options_(options) {}

  Result<FindResult> InCommand();
  Result<FindResult> InTarget(const Target& target);

 private:
  Result<FindResult> Run(RoundsOptions rounds, RoundDriver driver);
  Result<LoadResult> Wait(uint64_t ticks);
  bool has_service() const { return process_->has_service(); }
  const char* unit() const { return has_service() ? "request" : "second"; }
  Result<void> AfterRound(const RoundsState& state);
  Result<void> TakeSnapshotNow(std::string_view name);
  Result<FindResult> Finish(const RoundsState& rounds, const RoundDriver& driver);
  Result<QuietFinding> WaitWithoutLoad(const RoundsState& rounds, const RoundDriver& driver);
  bool HasRoomToRead();
  Result<Findings> Trail(FindResult* result);
  void ShowProgress(const RoundsState& state, bool warming_up) const;

  const FindOptions& options_;
  std::unique_ptr<MeasuredProcess> process_;
  SnapshotFiles files_;
  std::vector<HeapProfile> profiles_;  // one with each snapshot
  size_t first_at_ = 0;
  bool sampling_ = false;
  bool no_more_snapshots_ = false;
  Diagnostics diagnostics_;
  double done_at_first_ = 0;
  Clock::time_point begin_;
};

void Finder::ShowProgress(const RoundsState& state, bool warming_up) const {
  const bool looks = warming_up && !has_service();
  Report(options_, looks ? "looking at its memory" : ProgressOf(state, warming_up, unit()));
}

Result<void> Finder::TakeSnapshotNow(std::string_view name) {
  Report(options_, fmt::format("taking a snapshot ({})", name));
  Result<HeapProfile> profile = ReadHeapProfile(process_->inspector());
  if (!profile) return tl::unexpected(process_->Explain(profile.error()));
  profiles_.push_back(std::move(*profile));
  SnapshotOptions snapshot;
  snapshot.method = has_service() ? SnapshotMethod::kInspector : SnapshotMethod::kFork;
  snapshot.ignore_preflight = has_service();
  snapshot.progress = options_.progress;
  snapshot.cancel = options_.cancel;
  Result<void> taken = files_.Take(process_->attachment(), name, snapshot);
  if (taken || taken.error().kind == ErrorKind::kInterrupted) return taken;
  if (has_service()) return tl::unexpected(process_->Explain(taken.error()));
  // A running process is watched further without: the verdict and the stacks remain.
  no_more_snapshots_ = true;
  const std::string message = "a snapshot was not taken: " + taken.error().message;
  const auto is_it = [&](const Diagnostic& d) { return d.message == message; };
  if (std::none_of(diagnostics_.begin(), diagnostics_.end(), is_it)) {
    diagnostics_.push_back({"no-snapshot", Severity::kWarning, 1, message});
  }
  return {};
}

Result<void> Finder::AfterRound(const RoundsState& state) {
  if (!sampling_) {
    Result<void> started = StartHeapSampling(process_->inspector(), kSamplingInterval);
    if (!started) return tl::unexpected(process_->Explain(started.error()));
    sampling_ = true;
  }
  const size_t n = state.rounds.size();
  if (state.outcome == GrowthOutcome::kNoLeak || state.grown_bytes() < kGrowthBeforeSnapshot)
    return {};
  if (no_more_snapshots_) return {};
  if (files_.count() == 0 && n >= kRoundsBeforeSnapshot) {
    first_at_ = n;
    done_at_first_ = state.done_part;
    return TakeSnapshotNow("early");
  }
  const double middle = done_at_first_ + (1 - done_at_first_) * kMiddle;
  if (files_.count() == 1 && n >= first_at_ + kRoundsBetweenSnapshots &&
      state.done_part >= middle) {
    return TakeSnapshotNow("middle");
  }
  return {};
}

// We may run in the container of the service, which is left by now but shall live.
bool Finder::HasRoomToRead() {
  if (has_service()) return true;
  const auto needed =
      static_cast<uint64_t>(kMemoryPerTextByte * static_cast<double>(files_.text_bytes()));
  const std::optional<std::string> danger = WhatIsShort(ReadMemoryRoom(getpid(), ""), needed);
  if (!danger) return true;
  diagnostics_.push_back(
      {"no-snapshot", Severity::kWarning, 1,
       fmt::format(
           "the snapshots were not read: that takes about {} MB, and {}; save them (--save) "
           "and run leaktrail trail on them elsewhere, or run this outside the container",
           needed / 1'000'000, *danger)});
  return false;
}

Result<Findings> Finder::Trail(FindResult* result) {
  std::deque<Session> sessions;
  std::vector<Session*> in_order;
  for (size_t i = 0; i < files_.count(); ++i) {
    ReadOptions read;
    read.threads = options_.threads;
    read.progress = options_.progress;
    read.cancel = options_.cancel;
    Report(options_, "reading the snapshots");
    Result<Session> session = Session::Open(files_.path(i), read);
    if (!session) return tl::unexpected(session.error());
    const HeapGraph& graph = session->graph();
    result->snapshots.push_back(
        {files_.shown_path(i), graph.node_count(), graph.edge_count(), graph.strings().size()});
    sessions.push_back(std::move(*session));
    in_order.push_back(&sessions.back());
  }
  Report(options_, "looking for who holds it");
  FindLeaksOptions find;
  find.max_suspects = options_.max_suspects;
  find.cancel = options_.cancel;
  return FindLeaks(in_order, find);
}

Result<QuietFinding> Finder::WaitWithoutLoad(const RoundsState& rounds, const RoundDriver& driver) {
  const auto watched = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begin_);
  QuietDriver quiet;
  quiet.wait = [this](std::chrono::milliseconds time) -> Result<void> {
    Report(options_, fmt::format("no load for {:.0f} s: is it let go?",
                                 std::chrono::duration<double>(time).count()));
    Result<LoadResult> waited = Wait(static_cast<uint64_t>(time / kTick));
    if (!waited) return tl::unexpected(waited.error());
    return {};
  };
  quiet.load = driver.load;
  quiet.measure = driver.measure;
  Result<QuietFinding> finding = CheckQuiet(rounds, QuietTime(watched, options_.rounds), quiet);
  if (!finding) return tl::unexpected(process_->Explain(finding.error()));
  return finding;
}

Result<FindResult> Finder::Finish(const RoundsState& rounds, const RoundDriver& driver) {
  FindResult result;
  ExperimentFacts facts = FactsOf(rounds);
  facts.node_version = process_->attachment().node_version();
  if (!has_service()) facts.answered = static_cast<uint64_t>(rounds.rounds.back().units);
  facts.subject = has_service() ? fmt::format("{}", fmt::join(options_.service.command, " "))
                                : fmt::format("{} (pid {})", process_->attachment().process().name,
                                              process_->attachment().process().pid);
  bool grows = rounds.outcome != GrowthOutcome::kNoLeak;
  const std::string root =
      has_service() ? "" : fmt::format("/proc/{}/root", process_->attachment().process().pid);
  if (grows && !profiles_.empty()) {
    if (Result<void> taken = TakeSnapshotNow("end"); !taken) return tl::unexpected(taken.error());
  }
  std::optional<QuietFinding> quiet;
  if (has_service() && rounds.outcome == GrowthOutcome::kLeak) {
    Result<QuietFinding> finding = WaitWithoutLoad(rounds, driver);
    if (!finding) return tl::unexpected(finding.error());
    quiet = *finding;
    grows = !quiet->let_go();
  }
  if (process_->worker_count() > 1) {
    diagnostics_.push_back(
        {"cluster-worker", Severity::kInfo, 1,
         fmt::format("the service is a cluster: one of its {} workers was measured (pid {}), and "
                     "one request in {} is counted as its own; a worker that is slower gets fewer, "
                     "so growth per request is a rough figure",
                     process_->worker_count(), process_->attachment().process().pid,
                     process_->worker_count())});
  }
  if (!has_service()) {
    const std::vector<int> workers = FindClusterWorkers(process_->attachment().process().pid);
    if (!workers.empty()) {
      diagnostics_.push_back(
          {"cluster-primary", Severity::kWarning, 1,
           fmt::format("this is the primary of a cluster, which only hands connections over; ask "
                       "its workers: {}",
                       fmt::join(workers, ", "))});
    }
  }
  process_->Leave();
  if (grows && files_.count() > 1 && HasRoomToRead()) {
    Result<Findings> findings = Trail(&result);
    if (!findings) return tl::unexpected(findings.error());
    result.findings = std::move(*findings);
  }
  if (grows && profiles_.size() > 1) {
    FramePlaces places(root);
    for (const AllocationGrowth& growth : CompareProfiles(profiles_.front(), profiles_.back())) {
      GrowingStack stack;
      stack.grown_bytes = growth.grown();
      for (const SampledFrame& f : growth.frames) stack.frames.push_back(places.PlaceOf(f));
      facts.stacks.push_back(std::move(stack));
    }
    ShowAsWritten(places, &result.findings);
    if (!facts.stacks.empty()) JoinStacks(facts.stacks, &result.findings);
    if (facts.stacks.size() > kShownStacks) facts.stacks.resize(kShownStacks);
  }
  PutVerdict(rounds, quiet, has_service() ? "request" : "second", &result.findings);
  result.findings.diagnostics.insert(result.findings.diagnostics.end(), diagnostics_.begin(),
                                     diagnostics_.end());
  result.findings.experiment = std::move(facts);
  return result;
}

Result<FindResult> Finder::InCommand() {
  Result<std::unique_ptr<MeasuredProcess>> process =
      MeasuredProcess::Start(options_.service, options_.request, options_.progress);
  if (!process) return tl::unexpected(process.error());
  process_ = std::move(*process);
  const MeasuredLoad load{options_.rounds.connections, options_.rounds.time_limit};
  RoundDriver driver;
  driver.load = [this, load](uint64_t n) { return process_->Load(options_.request, n, load); };
  driver.measure = [this] { return process_->MeasureSettled(options_.rounds.max_settle); };
  return Run(options_.rounds, std::move(driver));
}

// A tick is a tenth of a second. The traffic is whatever it is; nothing settles.
Result<LoadResult> Finder::Wait(uint64_t ticks) {
  LoadResult waited;
  for (; waited.completed < ticks; ++waited.completed) {
    if (options_.cancel != nullptr && options_.cancel->cancelled()) {
      return Fail(ErrorKind::kInterrupted, "interrupted");
    }
    std::this_thread::sleep_for(kTick);
  }
  waited.seconds = std::chrono::duration<double>(kTick).count() * static_cast<double>(ticks);
  return waited;
}

Result<FindResult> Finder::InTarget(const Target& target) {
  Result<std::unique_ptr<MeasuredProcess>> process =
      MeasuredProcess::AttachTo(target, options_.cancel, options_.progress);
  if (!process) return tl::unexpected(process.error());
  process_ = std::move(*process);
  RoundsOptions rounds = options_.rounds;
  // Each round collects garbage, which others wait for: few rounds.
  rounds.requests_per_round = kTicksInRound;
  rounds.round_seconds = 2 * std::chrono::duration<double>(kTick).count() * kTicksInRound;
  rounds.units_each = std::chrono::duration<double>(kTick).count();
  rounds.relevant_per_unit = kRelevantPerSecond;
  rounds.min_units = 0;
  rounds.min_time = rounds.enough_time = rounds.time_limit * 2 / 3;
  rounds.max_warm_up = 2;  // it has been running
  RoundDriver driver;
  driver.load = [this](uint64_t n) { return Wait(n); };
  driver.measure = [this] { return process_->probe().Measure(); };
  return Run(rounds, std::move(driver));
}

Result<FindResult> Finder::Run(RoundsOptions rounds, RoundDriver driver) {
  if (Result<void> made = files_.Make(options_.save_folder); !made) {
    return tl::unexpected(made.error());
  }
  rounds.cancel = options_.cancel;
  if (Result<void> fits = process_->FitRounds(&rounds); !fits) {
    return tl::unexpected(fits.error());
  }
  driver.after_round = [this](const RoundsState& s) { return AfterRound(s); };
  driver.on_progress = [this](const RoundsState& s, bool w) { ShowProgress(s, w); };
  begin_ = Clock::now();
  Result<RoundsState> state = RunRounds(driver, rounds);
  if (!state) return tl::unexpected(process_->Explain(state.error()));
  return Finish(*state, driver);
}

}  // namespace

Result<FindResult> FindInCommand(const FindOptions& options) { return Finder(options).InCommand(); }
Result<FindResult> FindInTarget(const Target& target, const FindOptions& options) {
  OfferToBeKilled();
  return Finder(options).InTarget(target);
}

}  // namespace leaktrail
