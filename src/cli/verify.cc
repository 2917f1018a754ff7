// leaktrail verify PLAN | verify --init: is it really that?
#include <fmt/format.h>

#include <memory>

#include "cli/command_line.h"
#include "cli/exit_codes.h"
#include "cli/gate_flags.h"
#include "cli/interrupt.h"
#include "cli/run.h"
#include "experiment/plan.h"
#include "experiment/plan_init.h"
#include "experiment/verify.h"
#include "report/verify_report.h"

namespace leaktrail {
namespace {

constexpr const char* kUsualPlan = "leaktrail-plan.toml";
constexpr const char* kUsualFindings = "findings.json";
constexpr std::chrono::seconds kGrace{12};

struct VerifyArguments {
  std::string plan;
  bool init = false, fresh = false;
  std::string findings;
  std::string html;
  GateArguments gate;
};

Result<int> RunInit(const VerifyArguments& a, Run& run) {
  PlanInitOptions options;
  options.plan_path = a.plan;
  options.findings_path = a.findings;
  if (a.findings.empty()) options.usual_findings_path = kUsualFindings;
  options.cancel = run.cancel();
  options.progress = run.progress();
  SetInterruptGrace(kGrace);
  Result<PlanInitResult> made = WritePlan(options);
  if (!made) return tl::unexpected(made.error());
  run.HideProgress();
  StandardOutput out;
  out.Write(fmt::format(
      "{} has {} to test{}; read it, then: leaktrail verify {}\n", a.plan,
      made->hypothesis_count == 1 ? std::string("1 hypothesis")
                                  : fmt::format("{} hypotheses", made->hypothesis_count),
      made->from.empty() ? "" : ", the most likely first by " + made->from, a.plan));
  if (Result<void> written = out.Finish(); !written) return tl::unexpected(written.error());
  return kExitFine;
}

Result<int> RunVerifyVerb(VerifyArguments a, Run& run) {
  if (a.plan.empty()) a.plan = kUsualPlan;
  if (a.init) return RunInit(a, run);
  if (!a.findings.empty()) {
    return Fail(ErrorKind::kUsage, "--findings is for --init; the plan says what is tested");
  }
  Result<Plan> plan = ReadPlan(a.plan);
  if (!plan) return tl::unexpected(plan.error());
  Result<CausesGateOptions> gate = ReadCausesGate(a.gate);
  if (!gate) return tl::unexpected(gate.error());
  if (Result<void> can = CheckWritable(a.html); !can) return tl::unexpected(can.error());
  VerifyOptions options;
  options.plan_path = a.plan;
  options.earlier = a.fresh ? EarlierResults::kIgnore : EarlierResults::kUse;
  options.progress = run.progress();
  options.cancel = run.cancel();
  SetInterruptGrace(kGrace);
  Result<TestedCauses> causes = RunVerify(*plan, options);
  if (!causes) {
    WriteGateFailure(a.gate, "verify", a.plan, causes.error());
    run.SayIfInterrupted(causes.error());
    return tl::unexpected(causes.error());
  }
  VerifyReport report;
  report.plan = a.plan;
  report.causes = std::move(*causes);
  report.notes = run.Notes({});
  report.notes.diagnostics.insert(report.notes.diagnostics.end(), report.causes.diagnostics.begin(),
                                  report.causes.diagnostics.end());
  if (HasGate(a.gate)) report.gate = JudgeCauses(report.causes, *gate);
  Result<void> written = WriteGateFiles(a.gate, report);
  if (written && !a.html.empty()) written = WriteReportFile(a.html, VerifyHtml(report));
  Result<int> printed = run.Print(report, VerifyText, WriteVerifyJson, ExitCodeOf(report));
  if (printed && !written) return tl::unexpected(written.error());
  return printed;
}

}  // namespace

void AddVerify(CLI::App* root, CommandLine* line) {
  auto a = std::make_shared<VerifyArguments>();
  Verb verb(
      root, line, "verify", "Is it really that?",
      "  leaktrail verify --init                  # writes leaktrail-plan.toml for this project\n"
      "  leaktrail verify                         # tests what the plan lists\n"
      "  leaktrail verify --init --findings findings.json causes.toml\n"
      "  leaktrail verify causes.toml --junit verify.xml --html verify.html\n"
      "  leaktrail verify causes.toml --baseline known.json --sarif verify.sarif    # in CI\n");
  verb.Optional("PLAN", &a->plan, "what to test, in TOML (leaktrail-plan.toml)")
      .Flag("--init", &a->init, "write PLAN for the project in this folder")
      .Text("--findings", "FILE", &a->findings,
            "with --init: what find --json said (findings.json, if it is there)")
      .Flag("--fresh", &a->fresh, "measure finished arms of a stopped run again")
      .Text("--html", "FILE", &a->html, "write the answer there as a page");
  AddGateFlags(&verb, &a->gate, "request");
  verb.Runs([a](Run& run) { return RunVerifyVerb(*a, run); });
}

}  // namespace leaktrail
