#include <fmt/format.h>

#include "report/strings_report.h"
#include "report/table.h"
#include "report/words.h"

namespace leaktrail {
namespace {

constexpr size_t kTextColumns = 100;  // where the width is not bounded

}  // namespace

std::string StringsText(const StringsReport& report, const TextOptions& options) {
  std::string out;
  AppendSnapshotLine(report.snapshot, options, &out);
  if (report.total_count == 0) {
    out += "\nNo text is there twice.\n";
    AppendDiagnostics(report.notes.diagnostics, options, &out);
    return out;
  }
  const uint64_t texts = report.rows.size() + report.rest_row_count;
  out += Wrapped(fmt::format("{} in {}, {}: one of each would save {}",
                             FormatCountOf(texts, "text", "texts"),
                             FormatCountOf(report.total_count, "copy", "copies"),
                             FormatSize(report.total_size), FormatSize(report.wasted_size)),
                 2, options) +
         "\n\n";
  Table table({{"wasted", Align::kRight, Shrink::kNever, Paint::kBold},
               {"copies", Align::kRight},
               {"size", Align::kRight},
               {"example", Align::kLeft, Shrink::kNever, Paint::kDim},
               {"text", Align::kLeft, Shrink::kEnd, Paint::kName,
                options.verbose ? size_t{0} : kTextColumns}});
  for (const StringRow& row : report.rows) {
    table.AddRow({FormatSize(row.wasted_size), FormatCount(row.count), FormatSize(row.total_size),
                  fmt::format("@{}", row.example_id), fmt::format("\"{}\"", SafeText(row.text))});
  }
  if (report.rest_row_count > 0) {
    table.AddRow({FormatSize(report.rest_wasted_size), FormatCount(report.rest_count),
                  FormatSize(report.rest_size), "",
                  FormatCountOf(report.rest_row_count, "more text", "more texts")},
                 Paint::kDim);
  }
  table.AppendTo(options, &out);
  AppendDiagnostics(report.notes.diagnostics, options, &out);
  return out;
}

}  // namespace leaktrail
