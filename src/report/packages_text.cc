#include <fmt/format.h>

#include "report/packages_report.h"
#include "report/table.h"
#include "report/words.h"

namespace leaktrail {
namespace {

std::vector<std::string> Cells(std::string name, const PackageRow& row, const PackageTable& table) {
  std::vector<std::string> cells{std::move(name),
                                 row.file_count > 0 ? FormatCount(row.file_count) : "",
                                 FormatCount(row.count),
                                 FormatSize(row.shallow_size),
                                 FormatShare(row.shallow_size, table.total_shallow_size),
                                 row.retained_size > 0 ? FormatSize(row.retained_size) : ""};
  if (table.has_deltas) {
    cells.push_back(FormatCountDelta(row.count_delta));
    cells.push_back(FormatSizeDelta(row.size_delta));
  }
  return cells;
}

}  // namespace

std::string PackagesText(const PackagesReport& report, const TextOptions& options) {
  std::string out;
  if (report.base) AppendSnapshotLine(*report.base, options, &out);
  AppendSnapshotLine(report.snapshot, options, &out);
  out += '\n';
  std::vector<TableColumn> columns{{"package", Align::kLeft, Shrink::kEnd, Paint::kName},
                                   {"files", Align::kRight},
                                   {"count", Align::kRight},
                                   {"shallow", Align::kRight},
                                   {"", Align::kRight},
                                   {"retained", Align::kRight}};
  if (report.table.has_deltas) {
    columns.push_back({"count delta", Align::kRight, Shrink::kNever, Paint::kBold});
    columns.push_back({"size delta", Align::kRight, Shrink::kNever, Paint::kBold});
  }
  Table table(std::move(columns));
  for (const PackageRow& row : report.table.rows) {
    table.AddRow(Cells(SafeText(row.package), row, report.table));
  }
  if (report.rest) {
    table.AddRow(Cells(FormatCountOf(report.rest_row_count, "more package", "more packages"),
                       *report.rest, report.table),
                 Paint::kDim);
  }
  table.AppendTo(options, &out);
  out += fmt::format("{} in all; retained sizes overlap and do not add up\n",
                     FormatSize(report.table.total_shallow_size));
  AppendDiagnostics(report.notes.diagnostics, options, &out);
  return out;
}

}  // namespace leaktrail
