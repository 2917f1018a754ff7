// leaktrail diff BASE CURRENT: what changed?
#include <memory>

#include "analysis/diff.h"
#include "cli/class_places.h"
#include "cli/command_line.h"
#include "cli/run.h"
#include "report/diff_report.h"

namespace leaktrail {
namespace {

constexpr size_t kUsualRows = 25;

struct DiffArguments {
  std::string base, current;
};

void AddTo(const DiffReportRow& row, DiffReportRow* sum) {
  sum->added_count += row.added_count;
  sum->removed_count += row.removed_count;
  sum->added_size += row.added_size;
  sum->removed_size += row.removed_size;
  sum->count_delta += row.count_delta;
  sum->size_delta += row.size_delta;
}

DiffReportRow RowOf(const DiffRow& row) {
  return {row.key.name,      {},
          row.added_count,   row.removed_count,
          row.added_size,    row.removed_size,
          row.count_delta(), row.size_delta()};
}

Result<int> RunDiff(const DiffArguments& arguments, Run& run) {
  if (arguments.base == "-" && arguments.current == "-") {
    return Fail(ErrorKind::kUsage, "standard input can be only one of the two snapshots");
  }
  Result<Session> base = run.Open(arguments.base);
  if (!base) return tl::unexpected(base.error());
  Result<Session> current = run.Open(arguments.current);
  if (!current) return tl::unexpected(current.error());
  if (Result<void> go = run.Phase("comparing"); !go) return tl::unexpected(go.error());

  // Plain objects of both sides go by the shapes that the current snapshot has.
  const ClassTable base_classes = run.Timed("classes", "the base by the current's interfaces", [&] {
    return ComputeClasses(base->graph(), base->detached(), &current->classes().interfaces);
  });
  const SnapshotDiff diff = run.Timed("diff", "instances that came and went", [&] {
    const MatchedBy matched_by =
        NodeIdsComparable(base->graph(), current->graph()) ? MatchedBy::kNodeId : MatchedBy::kClass;
    return ComputeDiff({base->graph(), base_classes, base->shallow_sizes()},
                       {current->graph(), current->classes(), current->shallow_sizes()},
                       matched_by);
  });
  if (Result<void> go = run.Phase("finding whose code it is"); !go) {
    return tl::unexpected(go.error());
  }
  const ClassPlaces places = run.Timed("scripts", "whose code the constructors are",
                                       [&] { return ClassPlaces(&*current); });

  DiffReport report;
  report.base = InfoOf(*base);
  report.current = InfoOf(*current);
  report.matched_by = diff.matched_by;
  const size_t limit = run.RowLimit(diff.rows.size(), kUsualRows);
  report.rows.reserve(limit);
  for (size_t i = 0; i < diff.rows.size(); ++i) {
    DiffReportRow row = RowOf(diff.rows[i]);
    AddTo(row, &report.total);
    if (i < limit) {
      row.place = places.Of(diff.rows[i].key);
      report.rows.push_back(std::move(row));
    } else {
      if (!report.rest) report.rest.emplace();
      AddTo(row, &*report.rest);
      ++report.rest_row_count;
    }
  }
  report.notes = run.Notes({&*base, &*current});
  return run.Print(report, DiffText, WriteDiffJson, kExitFine);
}

}  // namespace

void AddDiff(CLI::App* root, CommandLine* line) {
  auto arguments = std::make_shared<DiffArguments>();
  Verb(root, line, "diff", "What changed?",
       "  leaktrail diff before.heapsnapshot after.heapsnapshot\n"
       "  leaktrail diff --top 5 before.heapsnapshot after.heapsnapshot\n")
      .Required("BASE", &arguments->base, "the older snapshot")
      .Required("CURRENT", &arguments->current, "the newer snapshot")
      .Runs([arguments](Run& run) { return RunDiff(*arguments, run); });
}

}  // namespace leaktrail
