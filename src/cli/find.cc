// leaktrail find TARGET | find [load options] -- COMMAND: does it leak, and who?
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <memory>

#include "cli/command_line.h"
#include "cli/exit_codes.h"
#include "cli/gate_flags.h"
#include "cli/interrupt.h"
#include "cli/request_flags.h"
#include "cli/run.h"
#include "experiment/find.h"
#include "report/findings_report.h"

namespace leaktrail {
namespace {

constexpr uint32_t kUsualSuspects = 3;
constexpr uint32_t kMaxSuspects = 1000;
constexpr uint32_t kMaxRequests = 100'000'000;
constexpr uint32_t kMaxConnections = 4096;
constexpr uint32_t kMaxSeconds = 24 * 3600;
constexpr std::chrono::seconds kGrace{8};

struct FindArguments {
  std::string target;
  uint32_t requests = 0, connections = 10;
  std::vector<std::string> paths, headers;
  std::string method, body_file, content_type, save;
  uint32_t rounds = 0, warm_up = 0, settle_ms = 0, seconds = 0, port = 0;
  GateArguments gate;
};

Result<LoadRequest> RequestOf(const FindArguments& a) {
  LoadRequest request;
  if (!a.paths.empty()) request.paths = a.paths;
  for (const std::string& path : request.paths) {
    if (path.empty() || path[0] != '/' || path.find_first_of(" \r\n") != std::string::npos) {
      return Fail(
          ErrorKind::kUsage,
          fmt::format("--path takes the path of a URL, like /api/items?id=1, not '{}'", path));
    }
  }
  if (Result<void> checked = CheckHeaders(a.headers); !checked) {
    return tl::unexpected(checked.error());
  }
  request.headers = a.headers;
  request.content_type = a.content_type;
  if (!a.body_file.empty()) {
    Result<std::string> body = ReadBody(a.body_file);
    if (!body) return tl::unexpected(body.error());
    request.body = std::move(*body);
    request.method = "POST";
  }
  if (!a.method.empty()) request.method = a.method;
  return request;
}

Result<FindOptions> OptionsOf(const FindArguments& a, Run& run,
                              const std::vector<std::string>& command) {
  FindOptions options;
  Result<LoadRequest> request = RequestOf(a);
  if (!request) return tl::unexpected(request.error());
  options.request = std::move(*request);
  options.service.command = command;
  options.service.port = static_cast<uint16_t>(a.port);
  options.service.cancel = run.cancel();
  RoundsOptions& rounds = options.rounds;
  rounds.requests_per_round = a.requests;
  rounds.connections = a.connections;
  if (a.rounds > 0) rounds.max_rounds = a.rounds;
  if (a.warm_up > 0) rounds.max_warm_up = a.warm_up;
  if (a.settle_ms > 0) rounds.max_settle = std::chrono::milliseconds(a.settle_ms);
  if (a.seconds > 0) rounds.time_limit = std::chrono::seconds(a.seconds);
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
      "  PORT=8080 leaktrail find -p order.json -T application/json -- node app.js\n"
      "  leaktrail find --baseline known.json --sarif leaks.sarif -- node app.js    # in CI\n");
  verb.Optional("TARGET", &a->target,
                "a running service: pid, pm2 name, or host:port of an inspector")
      .Number("-n,--requests", 1, kMaxRequests, &a->requests, "at most so many requests a round")
      .Number("-c,--concurrency", 1, kMaxConnections, &a->connections, "so many at a time (10)")
      .Texts("--path", "PATH", &a->paths, "what to ask for (/); several are taken in turn")
      .Text("-m,--method", "METHOD", &a->method, "GET, or POST if there is a body")
      .Texts("-H,--header", "'NAME: VALUE'", &a->headers, "a header of each request")
      .Text("-p,--body", "FILE", &a->body_file, "the body of each request")
      .Text("-T,--content-type", "TYPE", &a->content_type, "the body's type")
      .Number("--port", 1, 65535, &a->port, "its port, where it has several")
      .Number("--rounds", 8, 1000, &a->rounds, "at most so many rounds")
      .Number("--warmup", 1, 100, &a->warm_up, "at most so many rounds of warm-up")
      .Number("--settle", 1, 600'000, &a->settle_ms, "wait at most so many ms after a round")
      .Number("--time", 5, kMaxSeconds, &a->seconds, "at most so many seconds of rounds (65)")
      .Text("--save", "FOLDER", &a->save, "keep the snapshots there");
  AddGateFlags(&verb, &a->gate, "request");
  verb.Runs([a, line](Run& run) { return RunFind(*a, line->command, run); });
}

}  // namespace leaktrail
