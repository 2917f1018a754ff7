// A snapshot without its texts. JSON schema leaktrail.redact/1.
#pragma once

#include <cstdint>
#include <string>

#include "report/frame.h"

namespace leaktrail {

struct RedactReport {
  std::string input, file;
  uint64_t node_count = 0, edge_count = 0;
  uint64_t replaced_count = 0;  // of the file's texts
  uint64_t text_size = 0, file_size = 0;
  ReportNotes notes;
};

std::string RedactText(const RedactReport& report, const TextOptions& options);
void WriteRedactJson(const RedactReport& report, JsonWriter* json);

}  // namespace leaktrail
