#include "report/capture_report.h"

namespace leaktrail {
namespace {

void WriteCost(const char* key, const CostRow& cost, JsonWriter* json) {
  json->Key(key);
  json->BeginObject();
  json->Field("pause_ms", cost.pause_ms);
  json->Field("duration_ms", cost.duration_ms);
  json->Field("extra_memory_size", cost.extra_memory_size);
  json->Field("file_size", cost.file_size);
  json->EndObject();
}

void WriteTexts(const char* key, const std::vector<std::string>& texts, JsonWriter* json) {
  json->Key(key);
  json->BeginArray();
  for (const std::string& text : texts) json->Value(text);
  json->EndArray();
}

void WritePreflightFields(const PreflightReport& report, JsonWriter* json) {
  json->Field("target", report.target);
  json->Field("method", report.method);
  json->Field("allowed", report.allowed);
  json->Field("heap_size", report.heap_size);
  json->Field("resident_size", report.resident_size);
  json->Field("external_size", report.external_size);
  json->Key("predicted");
  json->BeginObject();
  WriteCost("fork", report.fork, json);
  WriteCost("inspector", report.inspector, json);
  json->EndObject();
  json->Field("host_free_size", report.host_free_size);
  json->Field("cgroup_limit", report.cgroup_limit);
  json->Field("cgroup_free_size", report.cgroup_free_size);
  json->Field("disk_free_size", report.disk_free_size);
  WriteTexts("refusals", report.refusals, json);
  WriteTexts("warnings", report.warnings, json);
}

}  // namespace

void WritePreflightJson(const PreflightReport& report, JsonWriter* json) {
  json->BeginObject(JsonLayout::kLines);
  json->Field("schema", "leaktrail.preflight/1");
  WritePreflightFields(report, json);
  json->EndObject();
  json->Finish();
}

void WriteCaptureJson(const CaptureReport& report, JsonWriter* json) {
  json->BeginObject(JsonLayout::kLines);
  json->Field("schema", "leaktrail.snapshot/1");
  json->Field("file", report.file);
  json->Field("method", report.method);
  json->Field("process", report.process);
  json->Field("time", report.time);
  json->Field("node_ids_comparable", report.node_ids_comparable);
  json->Field("redacted", report.redacted);
  json->Field("text_size", report.text_size);
  json->Field("file_size", report.file_size);
  json->Field("node_count", report.node_count);
  json->Field("edge_count", report.edge_count);
  json->Field("attempts", report.attempts);
  json->Field("pause_ms", report.pause_ms);
  json->Field("duration_ms", report.duration_ms);
  json->Field("child_peak_size", report.child_peak_size);
  json->Key("preflight");
  json->BeginObject(JsonLayout::kLines);
  WritePreflightFields(report.preflight, json);
  json->EndObject();
  json->EndObject();
  json->Finish();
}

}  // namespace leaktrail
