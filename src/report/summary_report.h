// What is in a snapshot: kinds of memory, and a row for each class (DevTools' Summary view).
// JSON schema leaktrail.summary/1.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "analysis/statistics.h"
#include "report/frame.h"

namespace leaktrail {

struct SummaryRow {
  std::string class_name;
  CodePlace place;  // of the constructor
  uint64_t count = 0;
  uint64_t shallow_size = 0;
  uint64_t retained_size = 0;
};

struct SummaryReport {
  SnapshotInfo snapshot;
  uint64_t extra_native_bytes = 0;
  uint64_t shallow_size = 0;  // of all nodes, with those that have no row
  uint64_t self_size = 0;
  HeapStatistics statistics;
  std::vector<SummaryRow> rows;
  std::optional<ListRest> rest;  // of the classes, if the list was cut
  ReportNotes notes;
};

std::string SummaryText(const SummaryReport& report, const TextOptions& options);
void WriteSummaryJson(const SummaryReport& report, JsonWriter* json);

}  // namespace leaktrail
