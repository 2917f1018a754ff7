// Texts that the heap holds more than once. JSON schema leaktrail.strings/1.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "report/frame.h"

namespace leaktrail {

struct StringRow {
  std::string text;
  uint64_t count = 0;
  uint64_t total_size = 0;
  uint64_t wasted_size = 0;
  uint32_t example_id = 0;
};

struct StringsReport {
  SnapshotInfo snapshot;
  uint64_t total_count = 0;  // nodes of all rows, also those left out
  uint64_t total_size = 0;
  uint64_t wasted_size = 0;
  std::vector<StringRow> rows;
  uint64_t rest_row_count = 0;
  uint64_t rest_count = 0;
  uint64_t rest_size = 0;
  uint64_t rest_wasted_size = 0;
  ReportNotes notes;
};

std::string StringsText(const StringsReport& report, const TextOptions& options);
void WriteStringsJson(const StringsReport& report, JsonWriter* json);

}  // namespace leaktrail
