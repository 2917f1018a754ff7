// leaktrail bisect NAME@GOOD..BAD -- COMMAND, or --lockfiles OLD NEW: since which version?
#include <fmt/format.h>
#include <unistd.h>

#include <memory>

#include "cli/command_line.h"
#include "cli/exit_codes.h"
#include "cli/interrupt.h"
#include "cli/output.h"
#include "cli/round_flags.h"
#include "cli/run.h"
#include "experiment/bisect.h"
#include "report/bisect_report.h"

namespace leaktrail {
namespace {

// To end a service and npm, and to remove a folder of packages.
constexpr std::chrono::seconds kGrace{20};
constexpr std::chrono::seconds kTimeEach{45};
constexpr std::chrono::seconds kEnoughTime{30};

struct BisectArguments {
  std::string range;
  std::vector<std::string> lock_files;
  RoundArguments rounds;
  bool keep = false, fresh = false;
  uint32_t newer = BisectOptions{}.max_newer_tests, older = BisectOptions{}.max_beyond_tests;
};

int ExitCodeOf(const Bisection& b) {
  switch (b.outcome()) {
    case BisectOutcome::kFound:
      return 1;
    case BisectOutcome::kNoLeak:
      return kExitFine;
    case BisectOutcome::kNarrowed:
    case BisectOutcome::kGoodLeaks:
      break;
    case BisectOutcome::kNoAnswer:
      if (b.versions && !b.versions->first_bad.empty()) break;  // it is the good end
      for (const BisectTest& test : b.tests) {
        const bool is_end = test.role == BisectRole::kBadEnd || test.role == BisectRole::kGoodEnd;
        if (is_end && test.answer == BisectAnswer::kSkipped) return kExitEnvironment;
      }
      break;
  }
  return 5;
}

Result<BisectOptions> OptionsOf(const BisectArguments& a, const std::vector<std::string>& command,
                                Run& run) {
  BisectOptions options;
  if (a.range.empty() == a.lock_files.empty()) {
    return Fail(
        ErrorKind::kUsage,
        "name a range of versions as NAME@GOOD..BAD, or two files with --lockfiles OLD NEW; "
        "see leaktrail bisect --help");
  }
  if (command.empty()) {
    return Fail(ErrorKind::kUsage,
                "name the command that starts the service after --, like -- node app.js");
  }
  if (!a.range.empty()) {
    Result<BisectRange> range = ParseBisectRange(a.range);
    if (!range) return tl::unexpected(range.error());
    options.package = range->package;
    options.good = range->good;
    options.bad = range->bad;
  } else {
    options.old_lock = a.lock_files[0];
    options.new_lock = a.lock_files[1];
  }
  Result<LoadRequest> request = RequestOf(a.rounds);
  if (!request) return tl::unexpected(request.error());
  options.request = std::move(*request);
  options.service.command = command;
  options.service.port = static_cast<uint16_t>(a.rounds.port);
  options.rounds.time_limit = kTimeEach;
  options.rounds.enough_time = kEnoughTime;
  ApplyTo(a.rounds, &options.rounds);
  options.keeps_folder = a.keep;
  options.max_newer_tests = a.newer;
  options.max_beyond_tests = a.older;
  options.earlier = a.fresh ? EarlierResults::kIgnore : EarlierResults::kUse;
  options.progress = run.progress();
  options.cancel = run.cancel();
  return options;
}

Result<int> RunBisect(const BisectArguments& arguments, const std::vector<std::string>& command,
                      Run& run) {
  Result<BisectOptions> options = OptionsOf(arguments, command, run);
  if (!options) return tl::unexpected(options.error());
  SetInterruptGrace(kGrace);
  const bool to_standard_output = !run.options().json;
  const bool is_terminal = isatty(STDERR_FILENO) != 0;
  options->on_test = [&](const BisectTest& test) {
    const std::string line = BisectTestLine(test, run.text_options());
    if (is_terminal) WriteToStandardError("\r\x1b[K");  // the progress line is drawn again
    if (to_standard_output) {
      StandardOutput().Write(line);
    } else if (is_terminal) {
      WriteToStandardError(line);
    }
  };
  BisectReport report;
  Result<Bisection> bisection =
      options->package.empty() ? BisectLocks(*options) : BisectVersions(*options);
  if (!bisection) {
    run.SayIfInterrupted(bisection.error());
    return tl::unexpected(bisection.error());
  }
  report.bisection = std::move(*bisection);
  report.notes = run.Notes({});
  Diagnostics& shown = report.notes.diagnostics;
  shown.insert(shown.end(), report.bisection.diagnostics.begin(),
               report.bisection.diagnostics.end());
  return run.Print(report, BisectText, WriteBisectJson, ExitCodeOf(report.bisection));
}

}  // namespace

void AddBisect(CLI::App* root, CommandLine* line) {
  auto a = std::make_shared<BisectArguments>();
  Verb verb(root, line, "bisect", "Since which version of a package does it leak?",
            "  leaktrail bisect debug@2.6.9..4.1.1 -- node app.js       # good..bad\n"
            "  leaktrail bisect @pm2/io@4.1.2..4.2.1 --path /api -- npm start    # also of a "
            "dependency's dependency\n"
            "  leaktrail bisect axios@0.22.0..0.21.4 -- node app.js     # which version put it "
            "right?\n"
            "  git show v1.4:package-lock.json > old.json\n"
            "  leaktrail bisect --lockfiles old.json package-lock.json -- node app.js\n");
  verb.Optional("NAME@GOOD..BAD", &a->range,
                "a package, a version that is good and one that leaks");
  verb.Pair("--lockfiles", "OLD NEW", &a->lock_files,
            "which package of all that differ between two package-lock.json");
  AddRoundFlags(&verb, &a->rounds, "at most so many seconds of rounds for a version (45)");
  verb.Number("--newer", 0, 50, &a->newer,
              "test at most so many newer versions for one that is good again (6)")
      .Number("--older", 0, 50, &a->older,
              "if the good version leaks too, test at most so many older ones (12)")
      .Flag("--fresh", &a->fresh, "measure finished versions of a stopped run again")
      .Flag("--keep", &a->keep, "keep the scratch copy of the project")
      .Runs([a, line](Run& run) { return RunBisect(*a, line->command, run); });
}

}  // namespace leaktrail
