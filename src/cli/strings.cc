// leaktrail strings FILE: which texts are there twice?
#include <memory>

#include "analysis/duplicate_strings.h"
#include "cli/command_line.h"
#include "cli/run.h"
#include "report/strings_report.h"

namespace leaktrail {
namespace {

constexpr size_t kUsualRows = 25;

struct StringsArguments {
  std::string file;
};

Result<int> RunStrings(const StringsArguments& arguments, Run& run) {
  Result<Session> session = run.Open(arguments.file);
  if (!session) return tl::unexpected(session.error());
  if (Result<void> go = run.Phase("comparing texts"); !go) return tl::unexpected(go.error());
  const ShallowSizes& shallow = session->shallow_sizes();
  std::vector<DuplicateString> found =
      run.Timed("duplicate strings", "texts told from each other",
                [&] { return FindDuplicateStrings(session->graph(), shallow); });

  StringsReport report;
  report.snapshot = InfoOf(*session);
  const size_t limit = run.RowLimit(found.size(), kUsualRows);
  report.rows.reserve(limit);
  for (size_t i = 0; i < found.size(); ++i) {
    DuplicateString& d = found[i];
    report.total_count += d.count;
    report.total_size += d.total_size;
    report.wasted_size += d.wasted_size;
    if (i < limit) {
      report.rows.push_back({std::move(d.text), d.count, d.total_size, d.wasted_size,
                             session->graph().id(d.example)});
    } else {
      ++report.rest_row_count;
      report.rest_count += d.count;
      report.rest_size += d.total_size;
      report.rest_wasted_size += d.wasted_size;
    }
  }
  report.notes = run.Notes({&*session});
  return run.Print(report, StringsText, WriteStringsJson, kExitFine);
}

}  // namespace

void AddStrings(CLI::App* root, CommandLine* line) {
  auto arguments = std::make_shared<StringsArguments>();
  Verb(root, line, "strings", "Which texts are there twice?",
       "  leaktrail strings app.heapsnapshot\n"
       "  leaktrail strings --json --top 100 app.heapsnapshot\n")
      .Required("FILE", &arguments->file, "a snapshot, or - for standard input")
      .Runs([arguments](Run& run) { return RunStrings(*arguments, run); });
}

}  // namespace leaktrail
