// leaktrail ps: what runs here, and which of it grows?
#include <algorithm>
#include <map>
#include <memory>
#include <thread>

#include "capture/processes.h"
#include "cli/command_line.h"
#include "cli/run.h"
#include "report/processes_report.h"

namespace leaktrail {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kBetweenLooks{2000};
constexpr milliseconds kCancelCheck{20};
constexpr const char* kClearScreen = "\x1b[H\x1b[J";

struct PsArguments {
  bool watch = false;
};

// A pid alone may be used again.
using ProcessKey = std::pair<int, uint64_t>;

struct FirstSight {
  uint64_t resident_size = 0;
  steady_clock::time_point at;
};

ProcessRow RowOf(const NodeProcess& process) {
  ProcessRow row;
  row.pid = process.pid;
  row.uid = process.uid;
  row.name = process.name;
  if (process.pm2) {
    row.pm2_name = process.pm2->name;
    row.pm2_id = process.pm2->id;
  }
  row.script = process.script;
  row.package = process.package_name;
  row.node_version = process.node_version;
  row.resident_size = process.resident_bytes;
  row.heap_resident_size = process.heap_resident_bytes;
  row.old_space_limit = process.limits.old_space_bytes;
  row.cgroup_limit = process.limits.cgroup_bytes;
  row.pm2_restart_limit = process.limits.pm2_restart_bytes;
  row.started_at = process.started_at;
  row.age_seconds = process.age_seconds;
  row.thread_count = process.thread_count;
  row.worker_count = process.worker_count;
  if (process.inspector) row.inspector = ToString(*process.inspector);
  if (process.container) {
    row.contained = true;
    row.container_runtime = process.container->runtime;
    row.container_id = process.container->id;
    row.pid_inside = process.container->pid_inside;
  }
  row.accessible = process.accessible;
  return row;
}

ProcessesReport Look(const Run& run, std::map<ProcessKey, FirstSight>* seen) {
  ProcessesReport report;
  report.watching = seen != nullptr;
  for (const NodeProcess& process : ListNodeProcesses()) {
    ProcessRow row = RowOf(process);
    if (seen != nullptr) {
      const auto now = steady_clock::now();
      const FirstSight first =
          seen->insert({{process.pid, process.start_ticks}, {process.resident_bytes, now}})
              .first->second;
      row.grown_size = static_cast<int64_t>(row.resident_size - first.resident_size);
      row.watched_seconds = std::chrono::duration<double>(now - first.at).count();
    }
    report.rows.push_back(std::move(row));
  }
  if (run.options().top.value_or(0) > 0) {
    std::stable_sort(report.rows.begin(), report.rows.end(), [](const auto& a, const auto& b) {
      return a.resident_size > b.resident_size;
    });
    report.rows.resize(std::min<size_t>(report.rows.size(), *run.options().top));
  }
  return report;
}

bool WaitForNextLook(const CancelToken& cancel) {
  const auto next = steady_clock::now() + kBetweenLooks;
  while (!cancel.cancelled()) {
    if (steady_clock::now() >= next) return true;
    std::this_thread::sleep_for(kCancelCheck);
  }
  return false;
}

Result<int> RunPs(const PsArguments& arguments, Run& run) {
  if (!arguments.watch) {
    ProcessesReport report = Look(run, nullptr);
    report.notes = run.Notes({});
    return run.Print(report, ProcessesText, WriteProcessesJson, kExitFine);
  }
  run.HideProgress();
  std::map<ProcessKey, FirstSight> seen;
  const bool redraw = StdoutIsTerminal() && !run.options().json;
  do {
    const ProcessesReport report = Look(run, &seen);
    StandardOutput out;
    if (run.options().json) {
      JsonWriter writer([&](std::string_view piece) { out.Write(piece); });
      WriteProcessesJson(report, &writer);
    } else {
      const std::string text = ProcessesText(report, run.text_options());
      out.Write(redraw ? kClearScreen + text : text + "\n");
    }
    if (!out.open()) return out.Finish().map([] { return kExitFine; });
  } while (WaitForNextLook(*run.cancel()));
  return Fail(ErrorKind::kInterrupted, "interrupted");
}

}  // namespace

void AddPs(CLI::App* root, CommandLine* line) {
  auto arguments = std::make_shared<PsArguments>();
  Verb(root, line, "ps", "What runs here?",
       "  leaktrail ps\n"
       "  leaktrail ps --watch          # and which of it grows?\n"
       "  leaktrail ps --json | jq '.processes[] | select(.inspector)'\n")
      .Flag("--watch", &arguments->watch, "look every two seconds, and show what grows")
      .Runs([arguments](Run& run) { return RunPs(*arguments, run); });
}

}  // namespace leaktrail
