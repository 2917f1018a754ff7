#include "report/redact_report.h"

#include <fmt/format.h>

#include "report/words.h"

namespace leaktrail {

std::string RedactText(const RedactReport& report, const TextOptions& options) {
  return fmt::format(
      "{}  {}, {}, {} replaced\n", Painted(SafeName(report.file), Paint::kBold, options),
      FormatSize(report.file_size), FormatCountOf(report.node_count, "node", "nodes"),
      FormatCountOf(report.replaced_count, "text", "texts"));
}

void WriteRedactJson(const RedactReport& report, JsonWriter* json) {
  json->BeginObject(JsonLayout::kLines);
  json->Field("schema", "leaktrail.redact/1");
  json->Field("input", report.input);
  json->Field("file", report.file);
  json->Field("node_count", report.node_count);
  json->Field("edge_count", report.edge_count);
  json->Field("replaced_count", report.replaced_count);
  json->Field("text_size", report.text_size);
  json->Field("file_size", report.file_size);
  json->EndObject();
  json->Finish();
}

}  // namespace leaktrail
