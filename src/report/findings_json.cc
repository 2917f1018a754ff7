#include "report/experiment_text.h"
#include "report/findings_report.h"

namespace leaktrail {
namespace {

void WriteGrowth(const GrowthRate& growth, JsonWriter* json) {
  json->Key("growth");
  json->BeginObject();
  json->Field("unit", growth.unit);
  json->Field("heap_bytes_per_unit", growth.heap_bytes_per_unit);
  json->Key("interval");
  json->BeginArray();
  json->Value(growth.interval_low);
  json->Value(growth.interval_high);
  json->EndArray();
  json->Field("external_bytes_per_unit", growth.external_bytes_per_unit);
  json->Field("rss_bytes_per_unit", growth.rss_bytes_per_unit);
  json->Field("false_alarm_bound", growth.false_alarm_bound);
  json->EndObject();
}

void WriteCulprit(const std::optional<Culprit>& culprit, JsonWriter* json) {
  json->Key("culprit");
  if (!culprit) {
    json->Null();
    return;
  }
  const CodePlace& place = culprit->place;
  json->BeginObject();
  WriteTextOrNull("package", place.package, json);
  WriteTextOrNull("file", place.file, json);
  json->Key("line");
  if (place.line > 0) {
    json->Value(place.line);
  } else {
    json->Null();
  }
  WriteTextOrNull("function", place.function, json);
  json->Field("because", BecauseName(culprit->because));
  json->EndObject();
}

template <typename T>
void WriteList(std::string_view key, const std::vector<T>& values, JsonWriter* json) {
  json->Key(key);
  json->BeginArray();
  for (const T& v : values) json->Value(v);
  json->EndArray();
}

void WriteOwner(const std::optional<SuspectOwner>& owner, JsonWriter* json) {
  json->Key("owner");
  if (!owner) {
    json->Null();
    return;
  }
  json->BeginObject();
  json->Field("class", owner->class_name);
  json->Field("property", owner->property);
  WriteTextOrNull("package", owner->package, json);
  WriteLocation(owner->location.value_or(CodePlace{}), json);
  WriteList("entry_count", owner->entry_count, json);
  json->EndObject();
}

void WriteBufferOwner(const BufferOwner& owner, JsonWriter* json) {
  json->BeginObject();
  WriteTextOrNull("class", owner.class_name, json);
  WriteTextOrNull("property", owner.property, json);
  WriteTextOrNull("package", owner.package, json);
  WriteLocation(owner.location.value_or(CodePlace{}), json);
  json->Field("count", owner.count);
  json->Field("size", owner.size);
  json->Field("largest", owner.largest);
  json->EndObject();
}

void WriteStep(const TrailStep& step, JsonWriter* json) {
  json->BeginObject();
  json->Field("id", step.id);
  json->Field("class", step.class_name);
  WriteTextOrNull("edge", step.edge, json);
  WriteTextOrNull("edge_type", step.edge_type, json);
  WriteTextOrNull("package", step.package, json);
  WriteLocation(step.location.value_or(CodePlace{}), json);
  WriteTextOrNull("why", step.why, json);
  json->Field("repeat", step.repeat);
  json->Field("grown_count", step.grown_count);
  json->Field("is_engine", step.is_engine);
  json->Field("is_culprit", step.is_culprit);
  json->EndObject();
}

void WriteGate(const GateResult& gate, JsonWriter* json) {
  json->Key("gate");
  json->BeginObject();
  json->Field("passed", gate.passed());
  json->Field("reason", GateReasonName(gate.reason));
  WriteList("known", gate.known, json);
  WriteList("new", gate.fresh, json);
  json->Field("threshold", gate.threshold);
  json->Field("growth", gate.growth);
  json->EndObject();
}

void WriteSuspect(const Suspect& suspect, JsonWriter* json) {
  json->BeginObject(JsonLayout::kLines);
  json->Field("rank", suspect.rank);
  json->Field("class", suspect.class_name);
  WriteLocation(suspect.location.value_or(CodePlace{}), json);
  WriteTextOrNull("package", suspect.package, json);
  json->Field("shape", GrowthShapeName(suspect.shape));
  WriteList("count", suspect.count, json);
  WriteList("retained_size", suspect.retained_size, json);
  json->Field("grown_count", suspect.grown_count);
  json->Field("grown_size", suspect.grown_size);
  WriteList("grows_with", suspect.grows_with, json);
  WriteCulprit(suspect.culprit, json);
  WriteOwner(suspect.owner, json);
  json->Key("trail");
  json->BeginArray(JsonLayout::kLines);
  for (const TrailStep& step : suspect.trail) WriteStep(step, json);
  json->EndArray();
  json->Key("allocation_stack");
  json->BeginArray(JsonLayout::kLines);
  for (const StackFrame& frame : suspect.allocation_stack) {
    json->BeginObject();
    WriteTextOrNull("function", frame.function, json);
    WriteTextOrNull("file", frame.file, json);
    json->Field("line", frame.line);
    json->Field("column", frame.column);
    WriteTextOrNull("package", frame.package, json);
    json->EndObject();
  }
  json->EndArray();
  json->Field("fingerprint", suspect.fingerprint);
  json->Field("confidence", suspect.confidence);
  json->EndObject();
}

}  // namespace

void WriteFindingsJson(const FindingsReport& report, JsonWriter* json) {
  const Findings& findings = report.findings;
  json->BeginObject(JsonLayout::kLines);
  json->Field("schema", "leaktrail.findings/1");
  json->Field("verdict", VerdictName(findings.verdict));
  json->Field("reason", findings.reason);
  if (report.gate) WriteGate(*report.gate, json);
  WriteGrowth(findings.growth, json);
  WriteCulprit(findings.culprit, json);
  json->Key("suspects");
  json->BeginArray(JsonLayout::kLines);
  for (const Suspect& suspect : findings.suspects) WriteSuspect(suspect, json);
  json->EndArray();
  json->Field("matched_by", findings.matched_by == MatchedBy::kNodeId ? "node_id" : "class");
  WriteList("heap_size", findings.heap_size, json);
  json->Key("buffers");
  json->BeginArray(JsonLayout::kLines);
  for (const BufferOwner& owner : findings.buffers) WriteBufferOwner(owner, json);
  json->EndArray();
  json->Key("snapshots");
  json->BeginArray(JsonLayout::kLines);
  for (const SnapshotInfo& snapshot : report.snapshots) WriteSnapshotObject(snapshot, json);
  json->EndArray();
  if (findings.experiment) WriteExperimentJson(*findings.experiment, json);
  WriteNotes(report.notes, json);
  json->EndObject();
  json->Finish();
}

}  // namespace leaktrail
