// leaktrail trail FILE FILE…: who leaks?
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <deque>
#include <memory>

#include "cli/command_line.h"
#include "cli/exit_codes.h"
#include "cli/gate_flags.h"
#include "cli/run.h"
#include "engine/find_leaks.h"
#include "report/findings_report.h"

namespace leaktrail {
namespace {

constexpr uint32_t kUsualSuspects = 3;
constexpr uint32_t kMaxSuspects = 1000;

struct TrailArguments {
  std::vector<std::string> files;
  GateArguments gate;
};

// The notes have the files' own diagnostics already, with the file's name.
bool IsOfAFile(const Diagnostic& d, const std::vector<const Session*>& sessions) {
  return std::any_of(sessions.begin(), sessions.end(), [&](const Session* session) {
    const Diagnostics& own = session->graph().diagnostics();
    return std::any_of(own.begin(), own.end(), [&](const Diagnostic& o) {
      return o.name == d.name && o.message == d.message;
    });
  });
}

Result<FindingsReport> ReportOf(const TrailArguments& arguments, Run& run) {
  std::deque<Session> sessions;
  std::vector<Session*> in_order;
  std::vector<const Session*> for_notes;
  FindingsReport report;
  for (const std::string& file : arguments.files) {
    Result<Session> session = run.Open(file);
    if (!session) return tl::unexpected(session.error());
    sessions.push_back(std::move(*session));
    in_order.push_back(&sessions.back());
    for_notes.push_back(&sessions.back());
    report.snapshots.push_back(InfoOf(sessions.back()));
  }
  if (Result<void> go = run.Phase("looking for what grows"); !go) {
    return tl::unexpected(go.error());
  }
  FindLeaksOptions find;
  find.cancel = run.cancel();
  find.max_suspects = static_cast<uint32_t>(run.RowLimit(kMaxSuspects, kUsualSuspects));
  if ((run.options().json && !run.options().top) || HasGate(arguments.gate)) {
    find.max_suspects = std::max(find.max_suspects, FindLeaksOptions{}.max_suspects);
  }
  Result<Findings> findings = run.Timed("find leaks", "what grows, who holds it, whose code it is",
                                        [&] { return FindLeaks(in_order, find); });
  if (!findings) return tl::unexpected(findings.error());
  report.findings = std::move(*findings);
  report.notes = run.Notes(for_notes);
  for (Diagnostic& d : report.findings.diagnostics) {
    if (!IsOfAFile(d, for_notes)) report.notes.diagnostics.push_back(std::move(d));
  }
  return report;
}

Result<int> RunTrail(const TrailArguments& arguments, Run& run) {
  if (std::count(arguments.files.begin(), arguments.files.end(), "-") > 1) {
    return Fail(ErrorKind::kUsage, "standard input can be only one of the snapshots");
  }
  Result<GateOptions> gate = ReadGate(arguments.gate);
  if (!gate) return tl::unexpected(gate.error());
  const std::string subject = fmt::format("{}", fmt::join(arguments.files, " "));
  Result<FindingsReport> report = ReportOf(arguments, run);
  if (!report) {
    WriteGateFailure(arguments.gate, "trail", subject, report.error());
    return tl::unexpected(report.error());
  }
  if (HasGate(arguments.gate)) report->gate = Judge(report->findings, *gate);
  Result<void> written = WriteGateFiles(arguments.gate, "trail", subject, *report);
  Result<int> printed = run.Print(*report, FindingsText, WriteFindingsJson, ExitCodeOf(*report));
  if (printed && !written) return tl::unexpected(written.error());
  return printed;
}

}  // namespace

void AddTrail(CLI::App* root, CommandLine* line) {
  auto arguments = std::make_shared<TrailArguments>();
  Verb verb(root, line, "trail", "Who leaks?",
            "  leaktrail trail 1.heapsnapshot 2.heapsnapshot 3.heapsnapshot\n"
            "  leaktrail trail --verbose warm.heapsnapshot later.heapsnapshot\n"
            "  leaktrail trail only.heapsnapshot        # one: a hint by age\n");
  verb.AtLeastOne("FILE", &arguments->files, "snapshots of one service, oldest first");
  AddGateFlags(&verb, &arguments->gate, "snapshot");
  verb.Runs([arguments](Run& run) { return RunTrail(*arguments, run); });
}

}  // namespace leaktrail
