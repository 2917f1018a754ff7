#include "report/retainers_report.h"

namespace leaktrail {

void WriteRetainersJson(const RetainersReport& report, JsonWriter* json) {
  json->BeginObject(JsonLayout::kLines);
  json->Field("schema", "leaktrail.retainers/1");
  WriteSnapshot("snapshot", report.snapshot, json);
  json->Key("node");
  json->BeginObject();
  WriteNodeKeys(report.node, json);
  json->EndObject();
  if (report.of_class) {
    json->Field("instance_count", report.of_class->instance_count);
    json->Field("unreached_count", report.of_class->unreached_count);
    json->Field("way_count", report.of_class->way_count);
    json->Key("path_instances");
    json->BeginArray();
    for (const uint64_t count : report.of_class->path_instances) json->Value(count);
    json->EndArray();
  }
  json->Key("paths");
  json->BeginArray(JsonLayout::kLines);
  for (const auto& path : report.paths) {
    json->BeginArray(JsonLayout::kLines);
    for (const RetainerStep& step : path) {
      json->BeginObject();
      WriteNodeKeys(step.node, json);
      json->Field("edge", step.edge);
      json->Field("edge_type", step.edge_type);
      json->EndObject();
    }
    json->EndArray();
  }
  json->EndArray();
  json->Field("retainer_count", report.holder_count);
  json->Key("retainers");
  json->BeginArray(JsonLayout::kLines);
  for (const HolderLine& holder : report.holders) {
    json->BeginObject();
    json->Field("edge", holder.edge);
    json->Field("edge_type", holder.edge_type);
    WriteNodeKeys(holder.from, json);
    json->EndObject();
  }
  json->EndArray();
  WriteNotes(report.notes, json);
  json->EndObject();
  json->Finish();
}

}  // namespace leaktrail
