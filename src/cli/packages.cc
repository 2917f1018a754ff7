// leaktrail packages FILE [LATER]: which npm package is the memory charged to, and which grew?
#include <memory>

#include "cli/command_line.h"
#include "cli/run.h"
#include "engine/find_leaks.h"
#include "report/packages_report.h"

namespace leaktrail {
namespace {

constexpr size_t kUsualRows = 25;

struct PackagesArguments {
  std::string file;
  std::string later;
};

struct OpenedTable {
  Session session;
  PackageTable table;
};

Result<OpenedTable> OpenTable(const std::string& file, Run& run) {
  Result<Session> session = run.Open(file);
  if (!session) return tl::unexpected(session.error());
  if (Result<void> go = run.Phase("sizing"); !go) return tl::unexpected(go.error());
  session->RunSummaryPasses();
  if (Result<void> go = run.Phase("charging packages"); !go) return tl::unexpected(go.error());
  PackageTable table = run.Timed("packages", "every node charged to one",
                                 [&] { return ComputePackageTable(*session); });
  return OpenedTable{std::move(*session), std::move(table)};
}

// Cuts the table to `limit` rows; the row that is nobody's stays in sight.
void CutRows(size_t limit, PackagesReport* report) {
  std::vector<PackageRow>& rows = report->table.rows;
  if (rows.size() <= limit) return;
  std::vector<PackageRow> kept;
  for (size_t i = 0; i < rows.size(); ++i) {
    if (i < limit || rows[i].package == "(unattributed)") {
      kept.push_back(std::move(rows[i]));
      continue;
    }
    if (!report->rest) report->rest.emplace();
    ++report->rest_row_count;
    report->rest->file_count += rows[i].file_count;
    report->rest->count += rows[i].count;
    report->rest->shallow_size += rows[i].shallow_size;
    report->rest->count_delta += rows[i].count_delta;
    report->rest->size_delta += rows[i].size_delta;
  }
  rows = std::move(kept);
}

Result<int> RunPackages(const PackagesArguments& arguments, Run& run) {
  if (arguments.file == "-" && arguments.later == "-") {
    return Fail(ErrorKind::kUsage, "standard input can be only one of the two snapshots");
  }
  PackagesReport report;
  if (arguments.later.empty()) {
    Result<OpenedTable> opened = OpenTable(arguments.file, run);
    if (!opened) return tl::unexpected(opened.error());
    report.snapshot = InfoOf(opened->session);
    report.table = std::move(opened->table);
    report.notes = run.Notes({&opened->session});
  } else {
    PackageTable base_table;
    {
      // Only the sums of the base are needed: its graph is gone before the next file is read.
      Result<OpenedTable> base = OpenTable(arguments.file, run);
      if (!base) return tl::unexpected(base.error());
      report.base = InfoOf(base->session);
      base_table = std::move(base->table);
      run.Keep(base->session);
    }
    Result<OpenedTable> current = OpenTable(arguments.later, run);
    if (!current) return tl::unexpected(current.error());
    report.snapshot = InfoOf(current->session);
    report.table = ComparePackageTables(base_table, current->table);
    report.notes = run.Notes({&current->session});
  }
  CutRows(run.RowLimit(report.table.rows.size(), kUsualRows), &report);
  return run.Print(report, PackagesText, WritePackagesJson, kExitFine);
}

}  // namespace

void AddPackages(CLI::App* root, CommandLine* line) {
  auto arguments = std::make_shared<PackagesArguments>();
  Verb(root, line, "packages", "Which npm package is it charged to?",
       "  leaktrail packages app.heapsnapshot\n"
       "  leaktrail packages before.heapsnapshot after.heapsnapshot   # growth\n")
      .Required("FILE", &arguments->file, "a snapshot, or - for standard input")
      .Optional("LATER", &arguments->later, "a later snapshot: how did it grow?")
      .Runs([arguments](Run& run) { return RunPackages(*arguments, run); });
}

}  // namespace leaktrail
