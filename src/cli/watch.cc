// leaktrail watch TARGET: does it grow, how fast, and when will it die?
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <memory>
#include <vector>

#include "cli/command_line.h"
#include "cli/interrupt.h"
#include "cli/metrics_endpoint.h"
#include "cli/quantities.h"
#include "cli/run.h"
#include "cli/watch_loop.h"
#include "report/watch_report.h"

namespace leaktrail {
namespace {

constexpr double kLeastInterval = 0.1, kMostInterval = 3600;
constexpr std::chrono::seconds kLeaveGrace{4};
constexpr size_t kGraphRows = 1000;
constexpr uint64_t kUsualCap = 2'000'000'000;
constexpr const char* kClearScreen = "\x1b[H\x1b[J";

struct WatchArguments {
  std::string target, interval, until, log, prometheus, snapshot_at, snapshots, snapshot_cap;
};

int ExitCodeOf(GrowthOutcome outcome) {
  switch (outcome) {
    case GrowthOutcome::kLeak:
      return 1;
    case GrowthOutcome::kNoLeak:
      return kExitFine;
    case GrowthOutcome::kGoOn:
    case GrowthOutcome::kInconclusive:
      return 5;
  }
  return 5;
}

Result<WatchUntil> UntilOf(const std::string& text) {
  WatchUntil until;
  if (text.empty()) return until;
  if (text == "verdict") {
    until.verdict = true;
  } else if (const std::optional<uint64_t> bytes = ParseSize(text)) {
    until.resident_bytes = bytes;
  } else if (const std::optional<double> seconds = ParseSeconds(text)) {
    until.seconds = seconds;
  } else {
    return Fail(
        ErrorKind::kUsage,
        fmt::format("--until takes verdict, a time like 10m or a size like 500MB, not '{}'", text));
  }
  return until;
}

Result<WatchSnapshots> SnapshotsOf(const WatchArguments& a) {
  WatchSnapshots out;
  std::string_view when = a.snapshot_at;
  if (when.starts_with('+')) when.remove_prefix(1);
  if (const std::optional<uint64_t> bytes = ParseSize(when)) {
    out.every_growth_bytes = bytes;
  } else if (const std::optional<double> seconds = ParseSeconds(when)) {
    out.every_seconds = seconds;
  } else {
    return Fail(ErrorKind::kUsage,
                fmt::format("--snapshot-at takes growth like +50MB or a time like 30m, not '{}'",
                            a.snapshot_at));
  }
  out.folder = a.snapshots.empty() ? "." : a.snapshots;
  out.cap_bytes = kUsualCap;
  if (!a.snapshot_cap.empty()) {
    const std::optional<uint64_t> cap = ParseSize(a.snapshot_cap);
    if (!cap) {
      return Fail(ErrorKind::kUsage,
                  fmt::format("--snapshot-cap takes a size like 2GB, not '{}'", a.snapshot_cap));
    }
    out.cap_bytes = *cap;
  }
  return out;
}

Result<WatchOptions> OptionsOf(const WatchArguments& a, const Run& run) {
  WatchOptions options;
  options.target = a.target;
  options.cancel = run.cancel();
  if (!a.interval.empty()) {
    const std::optional<double> seconds = ParseSeconds(a.interval);
    if (!seconds || *seconds < kLeastInterval || *seconds > kMostInterval) {
      return Fail(ErrorKind::kUsage,
                  fmt::format("--interval takes a time from 100ms to 1h, not '{}'", a.interval));
    }
    options.interval_seconds = *seconds;
  }
  Result<WatchUntil> until = UntilOf(a.until);
  if (!until) return tl::unexpected(until.error());
  options.until = *until;
  if (a.snapshot_at.empty() && !(a.snapshots.empty() && a.snapshot_cap.empty())) {
    return Fail(ErrorKind::kUsage, "--snapshots and --snapshot-cap need --snapshot-at");
  }
  if (!a.snapshot_at.empty()) {
    Result<WatchSnapshots> snapshots = SnapshotsOf(a);
    if (!snapshots) return tl::unexpected(snapshots.error());
    options.snapshots = *snapshots;
  }
  return options;
}

// Lines, a graph or one document, on standard output.
class Teller {
 public:
  explicit Teller(const Run& run)
      : json_(run.options().json),
        graph_(!json_ && StdoutIsTerminal()),
        options_(run.text_options()),
        colour_(run.options().colour),
        writer_([this](std::string_view piece) { out_.Write(piece); }) {}

  bool Begin(const WatchSubject& subject) {
    subject_ = subject;
    if (json_) {
      if (!begun_) BeginWatchJson(subject, &writer_);
    } else if (!graph_) {
      out_.Write(WatchHeadText(subject, options_));
    }
    begun_ = true;
    for (const WatchEvent& event : early_) Event(event);
    early_.clear();
    return out_.open();
  }
  bool Row(const WatchRow& row) {
    if (json_) {
      WriteWatchRowJson(row, &writer_);
      writer_.Flush();
    } else if (graph_) {
      rows_.push_back(row);
      if (rows_.size() > kGraphRows) rows_.erase(rows_.begin());
      const TextOptions now{OutputWidth(), UseColour(colour_), options_.verbose};
      out_.Write(kClearScreen + WatchGraphText(subject_, rows_, events_, now));
    } else {
      out_.Write(WatchLineText(row, options_));
    }
    return out_.open();
  }
  bool Event(const WatchEvent& event) {
    if (!begun_) {
      early_.push_back(event);
    } else if (json_) {
      WriteWatchEventJson(event, &writer_);
    } else if (graph_) {
      events_.push_back(event);
    } else {
      out_.Write(WatchEventText(event, options_));
    }
    return out_.open();
  }
  Result<void> End(const WatchRow& last) {
    if (json_) {
      EndWatchJson(last, &writer_);
    } else if (!graph_) {  // which has it already
      out_.Write(WatchEndText(last, options_));
    }
    return out_.Finish();
  }

 private:
  bool json_, graph_;
  TextOptions options_;
  ColourChoice colour_;
  StandardOutput out_;
  JsonWriter writer_;
  WatchSubject subject_;
  bool begun_ = false;
  std::vector<WatchRow> rows_;
  std::vector<WatchEvent> events_, early_;
};

Result<int> RunWatch(const WatchArguments& arguments, Run& run) {
  Result<WatchOptions> options = OptionsOf(arguments, run);
  if (!options) return tl::unexpected(options.error());
  std::ofstream log;
  if (!arguments.log.empty()) {
    log.open(arguments.log, std::ios::app);
    if (!log) {
      return Fail(ErrorKind::kEnvironment,
                  fmt::format("cannot write the log {}; name another file", arguments.log));
    }
  }
  std::unique_ptr<MetricsEndpoint> metrics;
  if (!arguments.prometheus.empty()) {
    Result<std::unique_ptr<MetricsEndpoint>> opened = MetricsEndpoint::Open(arguments.prometheus);
    if (!opened) return tl::unexpected(opened.error());
    metrics = std::move(*opened);
    WriteToStandardError(
        fmt::format("leaktrail: metrics at http://{}/metrics\n", metrics->address()));
  }
  SetInterruptGrace(kLeaveGrace);
  run.HideProgress();
  Teller teller(run);
  std::optional<WatchRow> before;
  WatchSinks sinks;
  sinks.begin = [&](const WatchSubject& subject) { return teller.Begin(subject); };
  sinks.event = [&](const WatchEvent& event) {
    if (log.is_open()) log << UtcText(event.at) << ' ' << event.message << '\n' << std::flush;
    return teller.Event(event);
  };
  sinks.row = [&](const WatchSubject& subject, const WatchRow& row) {
    if (log.is_open()) log << WatchLogLine(before.value_or(row), row) << std::flush;
    before = row;
    if (metrics) metrics->Publish(WatchMetricsText(subject, row));
    return teller.Row(row);
  };
  const Result<WatchEnd> end = WatchTarget(*options, sinks);
  if (!end) return tl::unexpected(end.error());
  if (!end->trouble.empty()) WriteToStandardError(fmt::format("leaktrail: {}\n", end->trouble));
  if (Result<void> told = teller.End(end->last); !told) return tl::unexpected(told.error());
  return ExitCodeOf(end->outcome);
}

}  // namespace

void AddWatch(CLI::App* root, CommandLine* line) {
  auto a = std::make_shared<WatchArguments>();
  Verb(root, line, "watch", "Is this service leaking, and when will it die?",
       "  leaktrail watch api                          # a pm2 app, a script, a pid\n"
       "  leaktrail watch api --until verdict          # exit code 1: it leaks\n"
       "  leaktrail watch 4711 --interval 10s --log memory.log --prometheus 127.0.0.1:9400\n"
       "  leaktrail watch api --snapshot-at +50MB --snapshots /var/tmp/api --snapshot-cap 1GB\n")
      .Required("TARGET", &a->target, "pid, pm2 name, script, or host:port of an inspector")
      .Text("--interval", "TIME", &a->interval, "between two samples (1s)")
      .Text("--until", "AIM", &a->until, "verdict, a time like 10m, or a size like 500MB")
      .Text("--log", "FILE", &a->log, "append a line a sample: memory before ... now ... diff ...")
      .Text("--prometheus", "ADDRESS", &a->prometheus, "serve metrics there, like 127.0.0.1:9400")
      .Text("--snapshot-at", "WHEN", &a->snapshot_at, "snapshots, every 30m or each +50MB")
      .Text("--snapshots", "FOLDER", &a->snapshots, "where they go (this folder)")
      .Text("--snapshot-cap", "SIZE", &a->snapshot_cap, "the oldest go beyond this (2GB)")
      .Runs([a](Run& run) { return RunWatch(*a, run); });
}

}  // namespace leaktrail
