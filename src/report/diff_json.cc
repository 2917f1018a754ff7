#include "report/diff_report.h"

namespace leaktrail {
namespace {

void WriteSums(const DiffReportRow& row, JsonWriter* json) {
  json->Field("added_count", row.added_count);
  json->Field("removed_count", row.removed_count);
  json->Field("count_delta", row.count_delta);
  json->Field("added_size", row.added_size);
  json->Field("removed_size", row.removed_size);
  json->Field("size_delta", row.size_delta);
}

}  // namespace

void WriteDiffJson(const DiffReport& report, JsonWriter* json) {
  json->BeginObject(JsonLayout::kLines);
  json->Field("schema", "leaktrail.diff/1");
  WriteSnapshot("base", report.base, json);
  WriteSnapshot("current", report.current, json);
  json->Field("matched_by", report.matched_by == MatchedBy::kNodeId ? "node_id" : "class");
  json->Key("totals");
  json->BeginObject();
  WriteSums(report.total, json);
  json->EndObject();
  json->Key("classes");
  json->BeginArray(JsonLayout::kLines);
  for (const DiffReportRow& row : report.rows) {
    json->BeginObject();
    json->Field("class", row.class_name);
    WritePlace(row.place, json);
    WriteSums(row, json);
    json->EndObject();
  }
  json->EndArray();
  if (report.rest) {
    json->Key("rest");
    json->BeginObject();
    json->Field("class_count", report.rest_row_count);
    WriteSums(*report.rest, json);
    json->EndObject();
  }
  WriteNotes(report.notes, json);
  json->EndObject();
  json->Finish();
}

}  // namespace leaktrail
