// What came and what went between two snapshots, per class (DevTools' Comparison view).
// JSON schema leaktrail.diff/1.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "analysis/diff.h"
#include "report/frame.h"

namespace leaktrail {

struct DiffReportRow {
  std::string class_name;
  CodePlace place;  // of the constructor
  uint64_t added_count = 0, removed_count = 0;
  uint64_t added_size = 0, removed_size = 0;
  int64_t count_delta = 0, size_delta = 0;
};

struct DiffReport {
  SnapshotInfo base, current;
  MatchedBy matched_by = MatchedBy::kNodeId;
  std::vector<DiffReportRow> rows;
  DiffReportRow total;                // of all rows, also those left out
  std::optional<DiffReportRow> rest;  // of the rows left out
  uint64_t rest_row_count = 0;
  ReportNotes notes;
};

std::string DiffText(const DiffReport& report, const TextOptions& options);
void WriteDiffJson(const DiffReport& report, JsonWriter* json);

}  // namespace leaktrail
