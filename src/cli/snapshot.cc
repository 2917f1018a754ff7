// leaktrail snapshot TARGET -o FILE: a snapshot of a live service, and what it costs.
#include "capture/snapshot.h"

#include <fmt/format.h>

#include <chrono>
#include <memory>

#include "capture/attach.h"
#include "capture/memory_room.h"
#include "capture/preflight.h"
#include "capture/processes.h"
#include "cli/command_line.h"
#include "cli/interrupt.h"
#include "cli/run.h"
#include "report/capture_report.h"

namespace leaktrail {
namespace {

// To leave a service as it was found takes this long at most.
constexpr std::chrono::seconds kLeaveGrace{5};

struct SnapshotArguments {
  std::string target, output, worker;
  bool pause = false, redact = false, dry_run = false, force = false;
};

CostRow RowOf(const SnapshotCost& cost) {
  return {cost.pause_ms, cost.duration_ms, cost.extra_memory_bytes, cost.file_bytes};
}

PreflightReport ReportOf(const Preflight& p, const std::string& target) {
  PreflightReport report;
  report.target = target;
  report.method = SnapshotMethodName(p.method);
  report.heap_size = p.counts.used_bytes;
  report.resident_size = p.counts.resident_bytes;
  report.external_size = p.counts.external_bytes;
  const bool fork = p.method == SnapshotMethod::kFork;
  report.fork = RowOf(fork ? p.cost : p.other_cost);
  report.inspector = RowOf(fork ? p.other_cost : p.cost);
  report.host_free_size = p.room.host_bytes;
  report.cgroup_limit = p.room.cgroup_limit_bytes;
  report.cgroup_free_size = p.room.cgroup_bytes;
  report.disk_free_size = p.room.disk_bytes;
  report.allowed = p.allowed();
  report.refusals = p.refusals;
  report.warnings = p.warnings;
  return report;
}

CaptureReport ReportOf(const SnapshotTaken& taken, const std::string& target) {
  CaptureReport report;
  report.file = taken.path;
  report.method = SnapshotMethodName(taken.method);
  report.process = taken.process;
  report.time = taken.time;
  report.node_ids_comparable = taken.node_ids_comparable;
  report.redacted = taken.redacted;
  report.text_size = taken.text_bytes;
  report.file_size = taken.file_bytes;
  report.node_count = taken.node_count;
  report.edge_count = taken.edge_count;
  report.attempts = taken.attempts;
  report.pause_ms = taken.pause_ms;
  report.duration_ms = taken.duration_ms;
  report.child_peak_size = taken.child_peak_bytes;
  report.preflight = ReportOf(taken.preflight, target);
  return report;
}

Result<InspectorSession> FindWorker(Attachment& target, const std::string& wanted) {
  if (wanted.empty()) return InspectorSession();
  Result<std::vector<InspectorWorker>> workers = target.inspector().FindWorkers();
  if (!workers) return tl::unexpected(workers.error());
  std::string there;
  for (size_t i = 0; i < workers->size(); ++i) {
    const InspectorWorker& w = (*workers)[i];
    const std::string number = w.id.empty() ? fmt::to_string(i + 1) : w.id;
    if (number == wanted) return w.session;
    there += fmt::format("{}{} ({})", there.empty() ? "" : ", ", number, w.url);
  }
  return Fail(ErrorKind::kEnvironment,
              there.empty()
                  ? fmt::format("there is no worker thread {}: the service has none", wanted)
                  : fmt::format("there is no worker thread {}; there are {}", wanted, there));
}

Result<int> RunSnapshot(const SnapshotArguments& arguments, Run& run) {
  if (arguments.output.empty() && !arguments.dry_run) {
    return Fail(ErrorKind::kUsage, "where shall the snapshot go? Name a file with -o");
  }
  if (arguments.output == "-") {
    return Fail(ErrorKind::kUsage, "a snapshot goes to a file, not to standard output");
  }
  Result<Target> target = ResolveTarget(arguments.target);
  if (!target) return tl::unexpected(target.error());
  SetInterruptGrace(kLeaveGrace);
  OfferToBeKilled();
  if (Result<void> go = run.Phase("attaching"); !go) return tl::unexpected(go.error());
  AttachOptions attach;
  attach.cancel = run.cancel();
  Result<std::unique_ptr<Attachment>> attachment = Attachment::Open(*target, attach);
  if (!attachment) return tl::unexpected(attachment.error());
  Result<InspectorSession> session = FindWorker(**attachment, arguments.worker);
  if (!session) return tl::unexpected(session.error());

  const SnapshotMethod method =
      arguments.pause ? SnapshotMethod::kInspector : SnapshotMethod::kFork;
  if (arguments.dry_run) {
    Result<Preflight> preflight = RunPreflight(**attachment, *session, method, arguments.output);
    if (!preflight) return tl::unexpected(preflight.error());
    (*attachment)->Close();
    const bool allowed = preflight->allowed();
    return run.Print(ReportOf(*preflight, arguments.target), PreflightText, WritePreflightJson,
                     allowed ? kExitFine : kExitEnvironment);
  }
  SnapshotOptions options;
  options.path = arguments.output;
  options.method = method;
  options.redact = arguments.redact;
  options.ignore_preflight = arguments.force;
  options.session = *session;
  options.progress = run.progress();
  options.cancel = run.cancel();
  Result<SnapshotTaken> taken = TakeSnapshot(**attachment, options);
  if (!taken) return tl::unexpected(taken.error());
  (*attachment)->Close();
  LeaveStandardOutputTo(arguments.output);
  return run.Print(ReportOf(*taken, arguments.target), CaptureText, WriteCaptureJson, kExitFine);
}

}  // namespace

void AddSnapshot(CLI::App* root, CommandLine* line) {
  auto arguments = std::make_shared<SnapshotArguments>();
  Verb(root, line, "snapshot", "Give me a snapshot, and tell me what it costs",
       "  leaktrail snapshot 4711 -o app.heapsnapshot.zst\n"
       "  leaktrail snapshot --dry-run my-app      # what would it cost?\n"
       "  leaktrail snapshot --redact my-app -o for-others.heapsnapshot.gz\n"
       "  leaktrail snapshot --pause 127.0.0.1:9229 -o app.heapsnapshot\n")
      .Required("TARGET", &arguments->target, "a pid, a name (of pm2, the script) or host:port")
      .Text("-o,--output", "FILE", &arguments->output, "where to; .gz and .zst are compressed")
      .Flag("--pause", &arguments->pause, "let the service write it: it stands still meanwhile")
      .Flag("--redact", &arguments->redact, "no contents of strings reach the disk")
      .Flag("--dry-run", &arguments->dry_run, "only tell what it would cost")
      .Flag("--force", &arguments->force, "take it even if it is refused")
      .Text("--worker", "N", &arguments->worker, "of this worker thread, not of the main one")
      .Runs([arguments](Run& run) { return RunSnapshot(*arguments, run); });
}

}  // namespace leaktrail
