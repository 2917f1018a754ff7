#include "report/strings_report.h"

namespace leaktrail {

void WriteStringsJson(const StringsReport& report, JsonWriter* json) {
  json->BeginObject(JsonLayout::kLines);
  json->Field("schema", "leaktrail.strings/1");
  WriteSnapshot("snapshot", report.snapshot, json);
  json->Key("totals");
  json->BeginObject();
  json->Field("count", report.total_count);
  json->Field("total_size", report.total_size);
  json->Field("wasted_size", report.wasted_size);
  json->EndObject();
  json->Key("strings");
  json->BeginArray(JsonLayout::kLines);
  for (const StringRow& row : report.rows) {
    json->BeginObject();
    json->Field("text", row.text);
    json->Field("count", row.count);
    json->Field("total_size", row.total_size);
    json->Field("wasted_size", row.wasted_size);
    json->Field("example_id", row.example_id);
    json->EndObject();
  }
  json->EndArray();
  if (report.rest_row_count > 0) {
    json->Key("rest");
    json->BeginObject();
    json->Field("string_count", report.rest_row_count);
    json->Field("count", report.rest_count);
    json->Field("total_size", report.rest_size);
    json->Field("wasted_size", report.rest_wasted_size);
    json->EndObject();
  }
  WriteNotes(report.notes, json);
  json->EndObject();
  json->Finish();
}

}  // namespace leaktrail
