#include "report/packages_report.h"

namespace leaktrail {

void WritePackagesJson(const PackagesReport& report, JsonWriter* json) {
  const bool deltas = report.table.has_deltas;
  json->BeginObject(JsonLayout::kLines);
  json->Field("schema", "leaktrail.packages/1");
  if (report.base) WriteSnapshot("base", *report.base, json);
  WriteSnapshot("snapshot", report.snapshot, json);
  json->Key("totals");
  json->BeginObject();
  json->Field("shallow_size", report.table.total_shallow_size);
  json->EndObject();
  json->Key("packages");
  json->BeginArray(JsonLayout::kLines);
  for (const PackageRow& row : report.table.rows) {
    json->BeginObject();
    json->Field("package", row.package);
    json->Field("file_count", row.file_count);
    json->Field("count", row.count);
    json->Field("shallow_size", row.shallow_size);
    json->Field("retained_size", row.retained_size);
    if (deltas) {
      json->Field("count_delta", row.count_delta);
      json->Field("size_delta", row.size_delta);
    }
    json->EndObject();
  }
  json->EndArray();
  if (report.rest) {
    json->Key("rest");
    json->BeginObject();
    json->Field("package_count", report.rest_row_count);
    json->Field("count", report.rest->count);
    json->Field("shallow_size", report.rest->shallow_size);
    if (deltas) {
      json->Field("count_delta", report.rest->count_delta);
      json->Field("size_delta", report.rest->size_delta);
    }
    json->EndObject();
  }
  WriteNotes(report.notes, json);
  json->EndObject();
  json->Finish();
}

}  // namespace leaktrail
