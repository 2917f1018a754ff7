#include "report/processes_report.h"

namespace leaktrail {
namespace {

void WriteRow(const ProcessRow& row, JsonWriter* json) {
  json->BeginObject();
  json->Field("pid", row.pid);
  json->Field("name", row.name);
  json->Key("pm2");
  if (row.pm2_name.empty()) {
    json->Null();
  } else {
    json->BeginObject();
    json->Field("name", row.pm2_name);
    json->Field("id", row.pm2_id);
    json->EndObject();
  }
  WriteTextOrNull("script", row.script, json);
  WriteTextOrNull("package", row.package, json);
  WriteTextOrNull("node_version", row.node_version, json);
  json->Field("uid", row.uid);
  json->Field("resident_size", row.resident_size);
  json->Field("heap_resident_size", row.heap_resident_size);
  json->Key("limits");
  json->BeginObject();
  json->Field("old_space", row.old_space_limit);
  json->Field("cgroup", row.cgroup_limit);
  json->Field("pm2_restart", row.pm2_restart_limit);
  json->EndObject();
  json->Field("started_at", row.started_at);
  json->Field("age_seconds", row.age_seconds);
  json->Field("thread_count", row.thread_count);
  json->Field("worker_count", row.worker_count);
  WriteTextOrNull("inspector", row.inspector, json);
  json->Key("container");
  if (row.contained) {
    json->BeginObject();
    WriteTextOrNull("runtime", row.container_runtime, json);
    WriteTextOrNull("id", row.container_id, json);
    json->Field("pid", row.pid_inside);
    json->EndObject();
  } else {
    json->Null();
  }
  json->Field("accessible", row.accessible);
  if (row.grown_size) {
    json->Field("grown_size", *row.grown_size);
    json->Field("watched_seconds", row.watched_seconds);
  }
  json->EndObject();
}

}  // namespace

void WriteProcessesJson(const ProcessesReport& report, JsonWriter* json) {
  json->BeginObject(JsonLayout::kLines);
  json->Field("schema", "leaktrail.ps/1");
  json->Key("processes");
  json->BeginArray(JsonLayout::kLines);
  for (const ProcessRow& row : report.rows) WriteRow(row, json);
  json->EndArray();
  WriteNotes(report.notes, json);
  json->EndObject();
  json->Finish();
}

}  // namespace leaktrail
