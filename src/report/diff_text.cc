#include <fmt/format.h>

#include "report/diff_report.h"
#include "report/table.h"
#include "report/words.h"

namespace leaktrail {
namespace {

constexpr size_t kClassColumns = 48;

std::vector<std::string> Cells(std::string name, const DiffReportRow& row, std::string place) {
  return {std::move(name),
          FormatCountDelta(static_cast<int64_t>(row.added_count)),
          FormatCountDelta(-static_cast<int64_t>(row.removed_count)),
          FormatCountDelta(row.count_delta),
          FormatSizeDelta(static_cast<int64_t>(row.added_size)),
          FormatSizeDelta(-static_cast<int64_t>(row.removed_size)),
          FormatSizeDelta(row.size_delta),
          std::move(place)};
}

}  // namespace

std::string DiffText(const DiffReport& report, const TextOptions& options) {
  std::string out;
  AppendSnapshotLine(report.base, options, &out);
  AppendSnapshotLine(report.current, options, &out);
  out += report.matched_by == MatchedBy::kNodeId
             ? "Objects are matched by node id.\n\n"
             : Wrapped(
                   "The snapshots are of different processes: only the counts of each class can "
                   "be compared.",
                   0, options) +
                   "\n\n";
  Table table({{"class", Align::kLeft, Shrink::kEnd, Paint::kName,
                options.verbose ? size_t{0} : kClassColumns},
               {"new", Align::kRight},
               {"gone", Align::kRight},
               {"delta", Align::kRight, Shrink::kNever, Paint::kBold},
               {"new size", Align::kRight},
               {"gone size", Align::kRight},
               {"delta", Align::kRight, Shrink::kNever, Paint::kBold},
               {"constructor", Align::kLeft, Shrink::kFront, Paint::kPlace}});
  for (const DiffReportRow& row : report.rows) {
    table.AddRow(Cells(SafeName(row.class_name), row, PlaceText(row.place)));
  }
  if (report.rest) {
    table.AddRow(
        Cells(FormatCountOf(report.rest_row_count, "more class", "more classes"), *report.rest, ""),
        Paint::kDim);
  }
  table.AddRow(Cells("total", report.total, ""), Paint::kBold);
  table.AppendTo(options, &out);
  AppendDiagnostics(report.notes.diagnostics, options, &out);
  return out;
}

}  // namespace leaktrail
