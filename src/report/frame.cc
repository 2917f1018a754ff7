#include "report/frame.h"

#include <fmt/format.h>

#include "report/table.h"
#include "report/words.h"

namespace leaktrail {

std::string PlaceText(const CodePlace& place) {
  std::string out = SafeText(place.package);
  if (place.file.empty()) return out;
  if (!out.empty()) out += " › ";
  out += SafeText(place.file);
  if (place.line > 0) out += fmt::format(":{}", place.line);
  return out;
}

void AppendSnapshotLine(const SnapshotInfo& snapshot, const TextOptions& options,
                        std::string* out) {
  const std::string file = snapshot.file == "-" ? "standard input" : SafeText(snapshot.file);
  const std::string counts =
      fmt::format("{}, {}, {}", FormatCountOf(snapshot.node_count, "node", "nodes"),
                  FormatCountOf(snapshot.edge_count, "edge", "edges"),
                  FormatCountOf(snapshot.string_count, "string", "strings"));
  const bool fits =
      options.width == 0 || DisplayWidth(file) + 2 + DisplayWidth(counts) <= options.width;
  *out += Painted(file, Paint::kBold, options) + (fits ? "  " : "\n  ") + counts + "\n";
}

void AppendDiagnostics(const Diagnostics& diagnostics, const TextOptions& options,
                       std::string* out) {
  std::string errors;
  std::string others;
  for (const Diagnostic& d : diagnostics) {
    const bool is_error = d.severity == Severity::kError;
    const Paint paint = is_error                           ? Paint::kBad
                        : d.severity == Severity::kWarning ? Paint::kWarn
                                                           : Paint::kDim;
    std::string line = fmt::format("{}: {}", SeverityName(d.severity), SafeText(d.message));
    if (d.count > 1) line += fmt::format(" ({} times)", FormatCount(d.count));
    line += fmt::format(" [{}]", SafeText(d.name));
    (is_error ? errors : others) += Painted(Wrapped(line, 2, options), paint, options) + "\n";
  }
  // Who reads a report of a damaged file must know it before the first number.
  out->insert(0, errors);
  if (!others.empty()) *out += "\n" + others;
}

void AppendStats(const RunStats& stats, const TextOptions& options, std::string* out) {
  Table table({{"pass"},
               {"time", Align::kRight},
               {"memory", Align::kRight},
               {"why", Align::kLeft, Shrink::kEnd}});
  std::string file;
  for (const PassStat& p : stats.passes) {
    if (p.file != file && !p.file.empty()) {
      file = p.file;
      table.AddRow({"", "", "", fmt::format("of {}", SafeText(file))}, Paint::kBold);
    }
    table.AddRow({SafeText(p.pass), FormatDuration(p.wall_ms),
                  p.resident_bytes > 0 ? FormatSize(p.resident_bytes) : "", SafeText(p.reason)});
  }
  table.AppendTo(options, out);
  *out += fmt::format("total {}, processor {}", FormatDuration(stats.wall_ms),
                      FormatDuration(stats.cpu_ms));
  if (stats.peak_resident_bytes > 0) {
    *out += fmt::format(", peak memory {}", FormatSize(stats.peak_resident_bytes));
  }
  *out += '\n';
}

void WriteTextOrNull(std::string_view key, const std::string& text, JsonWriter* json) {
  json->Key(key);
  if (text.empty()) {
    json->Null();
  } else {
    json->Value(text);
  }
}

void WriteLocation(const CodePlace& place, JsonWriter* json) {
  json->Key("location");
  if (place.file.empty() && place.line == 0) {
    json->Null();
    return;
  }
  json->BeginObject();
  WriteTextOrNull("file", place.file, json);
  json->Field("line", place.line);
  json->Field("column", place.column);
  json->EndObject();
}

void WritePlace(const CodePlace& place, JsonWriter* json) {
  WriteLocation(place, json);
  WriteTextOrNull("package", place.package, json);
}

void WriteSnapshot(std::string_view key, const SnapshotInfo& snapshot, JsonWriter* json) {
  json->Key(key);
  WriteSnapshotObject(snapshot, json);
}

void WriteSnapshotObject(const SnapshotInfo& snapshot, JsonWriter* json) {
  json->BeginObject();
  json->Field("file", snapshot.file);
  json->Field("node_count", snapshot.node_count);
  json->Field("edge_count", snapshot.edge_count);
  json->Field("string_count", snapshot.string_count);
  json->EndObject();
}

void WriteNotes(const ReportNotes& notes, JsonWriter* json) {
  json->Key("diagnostics");
  json->BeginArray(JsonLayout::kLines);
  for (const Diagnostic& d : notes.diagnostics) {
    json->BeginObject();
    json->Field("name", d.name);
    json->Field("severity", SeverityName(d.severity));
    json->Field("count", d.count);
    json->Field("message", d.message);
    json->EndObject();
  }
  json->EndArray();
  if (!notes.stats) return;
  json->Key("stats");
  json->BeginObject();
  json->Field("wall_ms", notes.stats->wall_ms);
  json->Field("cpu_ms", notes.stats->cpu_ms);
  json->Field("peak_resident_bytes", notes.stats->peak_resident_bytes);
  json->Key("passes");
  json->BeginArray(JsonLayout::kLines);
  for (const PassStat& p : notes.stats->passes) {
    json->BeginObject();
    json->Field("file", p.file);
    json->Field("pass", p.pass);
    json->Field("reason", p.reason);
    json->Field("wall_ms", p.wall_ms);
    json->Field("resident_bytes", p.resident_bytes);
    json->EndObject();
  }
  json->EndArray();
  json->EndObject();
}

}  // namespace leaktrail
