// What all reports share: which snapshot, where in whose code, diagnostics and the time taken.
//
// Lines and columns in a report are 1-based, as editors and stack traces count them, in text and in
// JSON alike; V8's and the graph's are 0-based.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "analysis/packages.h"
#include "base/diagnostic.h"
#include "report/json_writer.h"
#include "report/style.h"

namespace leaktrail {

struct SnapshotInfo {
  std::string file;  // "-" is standard input
  uint64_t node_count = 0;
  uint64_t edge_count = 0;
  uint64_t string_count = 0;
};

struct PassStat {
  std::string file;
  std::string pass;
  std::string reason;
  double wall_ms = 0;
  uint64_t resident_bytes = 0;  // when the pass ended; 0 if unknown
};

struct RunStats {
  std::vector<PassStat> passes;
  double wall_ms = 0;
  double cpu_ms = 0;
  uint64_t peak_resident_bytes = 0;  // mapped files included; 0 if unknown
};

// The end of every report.
struct ReportNotes {
  Diagnostics diagnostics;
  std::optional<RunStats> stats;  // only if asked for
};

// How much was left out of a list that was cut, so that what is shown still adds up.
struct ListRest {
  uint64_t row_count = 0;
  uint64_t count = 0;
  uint64_t size = 0;
};

// "@pm2/io@4.2.1 › build/main/metrics/httpMetrics.js:95"; what is not known is left out.
std::string PlaceText(const CodePlace& place);
// "3-end.heapsnapshot  145,221 nodes, 640,112 edges, 23,110 strings" and a line's end.
void AppendSnapshotLine(const SnapshotInfo& snapshot, const TextOptions& options, std::string* out);
// One line each: errors before all that `out` has, the rest after it and an empty line.
void AppendDiagnostics(const Diagnostics& diagnostics, const TextOptions& options,
                       std::string* out);
// The table behind --stats.
void AppendStats(const RunStats& stats, const TextOptions& options, std::string* out);

// The keys "location" and "package", each null where nothing tells.
void WritePlace(const CodePlace& place, JsonWriter* json);
void WriteLocation(const CodePlace& place, JsonWriter* json);
// null for an empty text.
void WriteTextOrNull(std::string_view key, const std::string& text, JsonWriter* json);
void WriteSnapshotObject(const SnapshotInfo& snapshot, JsonWriter* json);
void WriteSnapshot(std::string_view key, const SnapshotInfo& snapshot, JsonWriter* json);
// The keys "diagnostics" and, if asked for, "stats".
void WriteNotes(const ReportNotes& notes, JsonWriter* json);

}  // namespace leaktrail
