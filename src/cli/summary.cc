// leaktrail summary FILE: what is in it?
#include <functional>
#include <memory>
#include <optional>

#include "cli/class_places.h"
#include "cli/command_line.h"
#include "cli/run.h"
#include "report/summary_report.h"

namespace leaktrail {
namespace {

constexpr size_t kUsualRows = 25;

struct SummaryArguments {
  std::string file;
};

Result<int> RunSummary(const SummaryArguments& arguments, Run& run) {
  Result<Session> session = run.Open(arguments.file);
  if (!session) return tl::unexpected(session.error());
  if (Result<void> go = run.Phase("sizing"); !go) return tl::unexpected(go.error());
  std::optional<ClassPlaces> places;
  const auto find_places = [&] {
    places = run.Timed("scripts", "whose code the constructors are",
                       [&] { return ClassPlaces(&*session); });
  };
  const bool beside = ClassPlaces::NeedOnlyClasses(*session);
  session->RunSummaryPasses(beside ? find_places : std::function<void()>());
  if (!beside) find_places();
  const std::vector<ClassRow>& rows = session->class_summary();

  SummaryReport report;
  report.snapshot = InfoOf(*session);
  report.extra_native_bytes = session->graph().extra_native_bytes();
  report.self_size = session->graph().total_self_size();
  // Moving bytes to their owners changes no sum.
  report.shallow_size = report.self_size;
  report.statistics = session->statistics();
  const size_t limit = run.RowLimit(rows.size(), kUsualRows);
  report.rows.reserve(limit);
  ListRest rest;
  for (size_t i = 0; i < rows.size(); ++i) {
    const ClassRow& row = rows[i];
    if (i >= limit) {
      ++rest.row_count;
      rest.count += row.count;
      rest.size += row.shallow_size;
      continue;
    }
    const ClassKey& key = session->classes().key(row.class_index);
    report.rows.push_back(
        {key.name, places->Of(key), row.count, row.shallow_size, row.retained_size});
  }
  if (rest.row_count > 0) report.rest = rest;
  report.notes = run.Notes({&*session});
  return run.Print(report, SummaryText, WriteSummaryJson, kExitFine);
}

}  // namespace

void AddSummary(CLI::App* root, CommandLine* line) {
  auto arguments = std::make_shared<SummaryArguments>();
  Verb(root, line, "summary", "What is in it?",
       "  leaktrail summary app.heapsnapshot\n"
       "  leaktrail summary --top 5 app.heapsnapshot.gz\n"
       "  zstd -dc app.heapsnapshot.zst | leaktrail summary --json -\n")
      .Required("FILE", &arguments->file, "a snapshot, or - for standard input")
      .Runs([arguments](Run& run) { return RunSummary(*arguments, run); });
}

}  // namespace leaktrail
