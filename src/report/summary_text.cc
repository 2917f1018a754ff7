#include <fmt/format.h>

#include <algorithm>

#include "report/summary_report.h"
#include "report/table.h"
#include "report/words.h"

namespace leaktrail {
namespace {

constexpr size_t kClassColumns = 48;

// Kinds of memory that add up to the total: DevTools' "native" includes the typed arrays, and what
// no kind claims is "other".
std::string KindsLine(const HeapStatistics& s) {
  const struct {
    const char* kind;
    uint64_t size;
  } kinds[] = {{"code", s.code},
               {"strings", s.strings},
               {"arrays", s.js_arrays},
               {"system", s.system},
               {"typed arrays", s.typed_arrays},
               {"other native", s.native_total - std::min(s.native_total, s.typed_arrays)}};
  std::string line;
  uint64_t named = 0;
  for (const auto& k : kinds) {
    named += k.size;
    if (k.size == 0) continue;
    line += fmt::format("{} {}, ", k.kind, FormatSize(k.size));
  }
  return line + fmt::format("other {}", FormatSize(s.total - std::min(s.total, named)));
}

}  // namespace

std::string SummaryText(const SummaryReport& report, const TextOptions& options) {
  std::string out;
  AppendSnapshotLine(report.snapshot, options, &out);
  const std::string total = fmt::format("{} in all: {}", FormatSize(report.statistics.total),
                                        KindsLine(report.statistics));
  out += Wrapped(total, 2, options) + "\n\n";

  Table table({{"class", Align::kLeft, Shrink::kEnd, Paint::kName,
                options.verbose ? size_t{0} : kClassColumns},
               {"count", Align::kRight},
               {"shallow", Align::kRight},
               {"retained", Align::kRight},
               {"", Align::kRight},
               {"constructor", Align::kLeft, Shrink::kFront, Paint::kPlace}});
  const uint64_t whole = report.statistics.total;
  for (const SummaryRow& row : report.rows) {
    table.AddRow({SafeName(row.class_name), FormatCount(row.count), FormatSize(row.shallow_size),
                  FormatSize(row.retained_size), FormatShare(row.retained_size, whole),
                  PlaceText(row.place)});
  }
  if (report.rest) {
    table.AddRow(
        {fmt::format("{}", FormatCountOf(report.rest->row_count, "more class", "more classes")),
         FormatCount(report.rest->count), FormatSize(report.rest->size)},
        Paint::kDim);
  }
  table.AppendTo(options, &out);
  AppendDiagnostics(report.notes.diagnostics, options, &out);
  return out;
}

}  // namespace leaktrail
