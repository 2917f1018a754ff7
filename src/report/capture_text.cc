#include <fmt/format.h>

#include "report/capture_report.h"
#include "report/table.h"
#include "report/words.h"

namespace leaktrail {
namespace {

std::string Room(const char* what, const std::optional<uint64_t>& size) {
  return size ? fmt::format(", {} {}", FormatSize(*size), what) : "";
}

}  // namespace

std::string PreflightText(const PreflightReport& report, const TextOptions& options) {
  std::string out =
      Wrapped(fmt::format("{}: heap {}, resident {}{}{}{}",
                          Painted(SafeName(report.target), Paint::kBold, options),
                          FormatSize(report.heap_size), FormatSize(report.resident_size),
                          Room("of memory free", report.host_free_size),
                          Room("left of its limit", report.cgroup_free_size),
                          Room("of disk free", report.disk_free_size)),
              2, options);
  out += "\n\n";
  Table table({{"a snapshot", Align::kLeft, Shrink::kNever, Paint::kName},
               {"stops the service", Align::kRight},
               {"takes", Align::kRight},
               {"more memory", Align::kRight},
               {"file, plain", Align::kRight}});
  const auto add = [&](const char* name, const CostRow& cost) {
    table.AddRow({name, FormatDuration(cost.pause_ms), FormatDuration(cost.duration_ms),
                  FormatSize(cost.extra_memory_size), FormatSize(cost.file_size)});
  };
  add("without a pause", report.fork);
  add("with --pause", report.inspector);
  table.AppendTo(options, &out);
  for (const std::string& text : report.refusals) {
    out += "\n" + Wrapped(Painted("refused: ", Paint::kBad, options) + SafeText(text), 2, options) +
           "\n";
  }
  for (const std::string& text : report.warnings) {
    out += "\n" + Wrapped(Painted("beware: ", Paint::kWarn, options) + SafeText(text), 2, options) +
           "\n";
  }
  return out;
}

std::string CaptureText(const CaptureReport& report, const TextOptions& options) {
  std::string out = fmt::format("{}  {}", Painted(SafeName(report.file), Paint::kBold, options),
                                FormatSize(report.file_size));
  if (report.file_size != report.text_size) {
    out += fmt::format(" ({} of text)", FormatSize(report.text_size));
  }
  out += fmt::format(", {}, {}{}\n", FormatCountOf(report.node_count, "node", "nodes"),
                     FormatCountOf(report.edge_count, "edge", "edges"),
                     report.redacted ? ", redacted" : "");
  if (report.method == "fork") {
    out += Wrapped(
        fmt::format("The service stopped for {}; the snapshot took {}{}.",
                    FormatDuration(report.pause_ms), FormatDuration(report.duration_ms),
                    report.attempts > 1 ? fmt::format(" in {} attempts", report.attempts) : ""),
        2, options);
    out += "\n" + Wrapped(
                      "Node ids are the forked child's own: diff and trail match this file by "
                      "class and path.",
                      2, options);
  } else {
    out += Wrapped(fmt::format("The service stood still for {}.", FormatDuration(report.pause_ms)),
                   2, options);
  }
  out += "\n";
  for (const std::string& text : report.preflight.warnings) {
    out += Wrapped(Painted("beware: ", Paint::kWarn, options) + SafeText(text), 2, options) + "\n";
  }
  return out;
}

}  // namespace leaktrail
