#include "report/experiment_text.h"
#include "report/verify_report.h"

namespace leaktrail {
namespace {

void WriteInterval(double low, double high, JsonWriter* json) {
  json->Key("interval");
  json->BeginArray();
  json->Value(low);
  json->Value(high);
  json->EndArray();
}

void WriteNames(const char* key, const std::vector<std::string>& names, JsonWriter* json) {
  json->Key(key);
  json->BeginArray();
  for (const std::string& name : names) json->Value(name);
  json->EndArray();
}

void WriteGate(const GateResult& gate, JsonWriter* json) {
  json->Key("gate");
  json->BeginObject();
  json->Field("passed", gate.passed());
  json->Field("reason", GateReasonName(gate.reason));
  WriteNames("known", gate.known, json);
  WriteNames("new", gate.fresh, json);
  json->Field("threshold", gate.threshold);
  json->Field("growth", gate.growth);
  json->EndObject();
}

void WriteArm(const TestedArm& arm, JsonWriter* json) {
  json->BeginObject(JsonLayout::kLines);
  WriteTextOrNull("cause", arm.cause, json);
  json->Field("how", arm.how);
  json->Field("verdict", CauseVerdictName(arm.verdict));
  const bool is_measured = arm.failure.empty();
  if (is_measured) {
    json->Field("leaks", VerdictName(arm.own));
    json->Field("memory", arm.is_outside_heap ? "external" : "heap");
    json->Field("bytes_per_unit", arm.growth.per_unit);
    WriteInterval(arm.growth.low, arm.growth.high, json);
  } else {
    for (const char* key : {"leaks", "memory", "bytes_per_unit", "interval"}) {
      json->Key(key);
      json->Null();
    }
  }
  json->Key("difference");
  if (arm.difference) {
    json->BeginObject();
    json->Field("bytes_per_unit", arm.difference->per_unit);
    WriteInterval(arm.difference->low, arm.difference->high, json);
    json->EndObject();
  } else {
    json->Null();
  }
  json->Field("because", arm.because);
  WriteTextOrNull("note", arm.note, json);
  WriteTextOrNull("failure", arm.failure, json);
  json->Field("kept", arm.is_kept);
  WriteNames("install_notes", arm.install_notes, json);
  if (is_measured) WriteExperimentJson(arm.facts, json);
  json->EndObject();
}

}  // namespace

void WriteVerifyJson(const VerifyReport& report, JsonWriter* json) {
  const TestedCauses& causes = report.causes;
  json->BeginObject(JsonLayout::kLines);
  json->Field("schema", "leaktrail.verify/1");
  json->Field("plan", report.plan);
  WriteTextOrNull("title", causes.title, json);
  json->Field("verdict", VerdictName(causes.verdict));
  json->Field("headline", causes.headline);
  if (report.gate) WriteGate(*report.gate, json);
  json->Field("unit", "request");
  json->Field("false_alarm_bound", causes.false_alarm_bound);
  json->Field("comparisons", causes.comparisons);
  json->Field("threshold_bytes_per_unit", causes.relevant_per_unit);
  json->Key("arms");
  json->BeginArray(JsonLayout::kLines);
  for (const TestedArm& arm : causes.arms) WriteArm(arm, json);
  json->EndArray();
  WriteNotes(report.notes, json);
  json->EndObject();
  json->Finish();
}

}  // namespace leaktrail
