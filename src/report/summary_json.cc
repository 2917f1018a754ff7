#include "report/summary_report.h"

namespace leaktrail {
namespace {

void WriteRow(const SummaryRow& row, JsonWriter* json) {
  json->BeginObject();
  json->Field("class", row.class_name);
  WritePlace(row.place, json);
  json->Field("count", row.count);
  json->Field("shallow_size", row.shallow_size);
  json->Field("retained_size", row.retained_size);
  json->EndObject();
}

}  // namespace

void WriteSummaryJson(const SummaryReport& report, JsonWriter* json) {
  json->BeginObject(JsonLayout::kLines);
  json->Field("schema", "leaktrail.summary/1");
  WriteSnapshot("snapshot", report.snapshot, json);
  json->Key("totals");
  json->BeginObject();
  json->Field("shallow_size", report.shallow_size);
  json->Field("self_size", report.self_size);
  json->Field("extra_native_bytes", report.extra_native_bytes);
  json->EndObject();
  const HeapStatistics& s = report.statistics;
  json->Key("statistics");
  json->BeginObject();
  json->Field("code", s.code);
  json->Field("strings", s.strings);
  json->Field("js_arrays", s.js_arrays);
  json->Field("typed_arrays", s.typed_arrays);
  json->Field("system", s.system);
  json->Field("native", s.native_total);
  json->Field("total", s.total);
  json->EndObject();
  json->Key("classes");
  json->BeginArray(JsonLayout::kLines);
  for (const SummaryRow& row : report.rows) WriteRow(row, json);
  json->EndArray();
  if (report.rest) {
    json->Key("rest");
    json->BeginObject();
    json->Field("class_count", report.rest->row_count);
    json->Field("count", report.rest->count);
    json->Field("shallow_size", report.rest->size);
    json->EndObject();
  }
  WriteNotes(report.notes, json);
  json->EndObject();
  json->Finish();
}

}  // namespace leaktrail
