// leaktrail find TARGET | find [load options] -- COMMAND: does it leak, and who?
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <memory>

#include "cli/command_line.h"
#include "cli/exit_codes.h"
#include "cli/gate_flags.h"
#include "cli/interrupt.h"
#include "cli/round_flags.h"
#include "cli/run.h"
#include "experiment/find.h"
#include "report/findings_report.h"

namespace leaktrail {
namespace {

constexpr uint32_t kUsualSuspects = 3;
constexpr uint32_t kMaxSuspects = 1000;
constexpr std::chrono::seconds kGrace{8};

struct FindArguments {
  std::string target, save;
  RoundArguments rounds;
  GateArguments gate;
};

Result<FindOptions> OptionsOf(const FindArguments& a, Run& run,
                              const std::vector<std::string>& command) {
  FindOptions options;
  Result<LoadRequest> request = RequestOf(a.rounds);
  if (!request) return tl::unexpected(request.error());
  options.request = std::move(*request);
  options.service.command = command;
  options.service.port = static_cast<uint16_t>(a.rounds.port);
  options.service.cancel = run.cancel();
  ApplyTo(a.rounds, &options.rounds);
  options.save_folder = a.save;
  options.max_suspects = static_cast<uint32_t>(run.RowLimit(kMaxSuspects, kUsualSuspects));
  if (run.options().json && !run.options().top) options.max_suspects = FindOptions{}.max_suspects;
  options.threads = run.options().threads;
  options.progress = run.progress();
  options.cancel = run.cancel();
  return options;
}

Result<FindResult> FindIn(const std::string& name, const FindOptions& options) {
  Result<Target> target = ResolveTarget(name);
  if (!target) return tl::unexpected(target.error());
  return FindInTarget(*target, options);
}

Result<int> RunFind(const FindArguments& arguments, const std::vector<std::string>& command,
                    Run& run) {
  if (arguments.target.empty() == command.empty()) {
    return Fail(ErrorKind::kUsage,
                command.empty()
                    ? "name a running service, or the command that starts one after --; see "
                      "leaktrail find --help"
                    : fmt::format("'{}' stands before --: name a running service or a command, not "
                                  "both",
                                  arguments.target));
  }
  Result<FindOptions> options = OptionsOf(arguments, run, command);
  if (!options) return tl::unexpected(options.error());
  Result<GateOptions> gate = ReadGate(arguments.gate);
  if (!gate) return tl::unexpected(gate.error());
  // A gate looks at all that may be a leak, not only at what fits on a screen.
  if (HasGate(arguments.gate)) {
    options->max_suspects = std::max(options->max_suspects, FindOptions{}.max_suspects);
  }
  const std::string subject =
      command.empty() ? arguments.target : fmt::format("{}", fmt::join(command, " "));
  SetInterruptGrace(kGrace);
  Result<FindResult> result =
      command.empty() ? FindIn(arguments.target, *options) : FindInCommand(*options);
  if (!result) {
    WriteGateFailure(arguments.gate, "find", subject, result.error());
    return tl::unexpected(result.error());
  }
  FindingsReport report;
  for (const FindSnapshot& s : result->snapshots) {
    report.snapshots.push_back({s.path, s.node_count, s.edge_count, s.string_count});
  }
  report.findings = std::move(result->findings);
  report.notes = run.Notes({});
  report.notes.diagnostics.insert(report.notes.diagnostics.end(),
                                  report.findings.diagnostics.begin(),
                                  report.findings.diagnostics.end());
  if (HasGate(arguments.gate)) report.gate = Judge(report.findings, *gate);
  Result<void> written = WriteGateFiles(arguments.gate, "find", subject, report);
  Result<int> printed = run.Print(report, FindingsText, WriteFindingsJson, ExitCodeOf(report));
  if (printed && !written) return tl::unexpected(written.error());
  return printed;
}

}  // namespace

void AddFind(CLI::App* root, CommandLine* line) {
  auto a = std::make_shared<FindArguments>();
  Verb verb(
      root, line, "find", "Does this service leak, and who?",
      "  leaktrail find -- node app.js                     # starts it and puts load on /\n"
      "  leaktrail find --path /api/items --path /login -c 20 -- npm start\n"
      "  leaktrail find my-api                             # runs already: with the traffic it "
      "has\n"
      "  leaktrail find --settle 70000 -- node app.js      # its sessions live for a minute\n"
      "  PORT=8080 leaktrail find -p order.json -T application/json -- node app.js\n"
      "  leaktrail find --baseline known.json --sarif leaks.sarif -- node app.js    # in CI\n");
  verb.Optional("TARGET", &a->target,
                "a running service: pid, pm2 name, or host:port of an inspector");
  AddRoundFlags(&verb, &a->rounds, "at most so many seconds of rounds (65)");
  verb.Text("--save", "FOLDER", &a->save, "keep the snapshots there");
  AddGateFlags(&verb, &a->gate, "request");
  verb.Runs([a, line](Run& run) { return RunFind(*a, line->command, run); });
}

}  // namespace leaktrail
