#include "report/sarif.h"

#include <algorithm>

namespace leaktrail {
namespace {

const char* LevelName(SarifLevel level) {
  switch (level) {
    case SarifLevel::kError:
      return "error";
    case SarifLevel::kWarning:
      return "warning";
    case SarifLevel::kNote:
      return "note";
  }
  return "none";
}

// A path as a relative URI reference: RFC 3986's unreserved characters and slashes stay.
std::string UriOf(const std::string& path) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string uri;
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') ||
                          std::string_view("-._~/@").find(c) != std::string_view::npos;
    if (is_plain) {
      uri += c;
    } else {
      uri += {'%', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return uri;
}

void WriteText(std::string_view key, const std::string& text, JsonWriter* json) {
  json->Key(key);
  json->BeginObject();
  json->Field("text", text);
  json->EndObject();
}

void WritePlace(const std::string& file, uint32_t line, JsonWriter* json) {
  json->Key("physicalLocation");
  json->BeginObject();
  json->Key("artifactLocation");
  json->BeginObject();
  json->Field("uri", UriOf(file));
  json->EndObject();
  json->Key("region");
  json->BeginObject();
  json->Field("startLine", std::max<uint32_t>(line, 1));
  json->EndObject();
  json->EndObject();
}

void WriteSteps(const std::vector<SarifStep>& steps, JsonWriter* json) {
  json->Key("codeFlows");
  json->BeginArray();
  json->BeginObject();
  json->Key("threadFlows");
  json->BeginArray();
  json->BeginObject();
  json->Key("locations");
  json->BeginArray(JsonLayout::kLines);
  for (const SarifStep& step : steps) {
    if (step.file.empty()) continue;
    json->BeginObject();
    json->Key("location");
    json->BeginObject();
    WritePlace(step.file, step.line, json);
    WriteText("message", step.message, json);
    json->EndObject();
    json->EndObject();
  }
  json->EndArray();
  json->EndObject();
  json->EndArray();
  json->EndObject();
  json->EndArray();
}

void WriteResult(const SarifResult& result, JsonWriter* json) {
  json->BeginObject();
  json->Field("ruleId", result.rule_id);
  json->Field("level", LevelName(result.level));
  WriteText("message", result.message, json);
  if (!result.file.empty()) {
    json->Key("locations");
    json->BeginArray();
    json->BeginObject();
    WritePlace(result.file, result.line, json);
    json->EndObject();
    json->EndArray();
  }
  if (!result.fingerprint.empty()) {
    json->Key("partialFingerprints");
    json->BeginObject();
    json->Field("leaktrail/v1", result.fingerprint);
    json->EndObject();
  }
  if (result.is_known) {
    json->Key("suppressions");
    json->BeginArray();
    json->BeginObject();
    json->Field("kind", "external");
    json->Field("justification", "known: in the baseline");
    json->EndObject();
    json->EndArray();
  }
  const bool has_steps = std::any_of(result.steps.begin(), result.steps.end(),
                                     [](const SarifStep& s) { return !s.file.empty(); });
  if (has_steps) WriteSteps(result.steps, json);
  json->EndObject();
}

void WriteInvocation(const std::string& failure, JsonWriter* json) {
  json->Key("invocations");
  json->BeginArray();
  json->BeginObject();
  json->Field("executionSuccessful", failure.empty());
  if (!failure.empty()) {
    json->Key("toolExecutionNotifications");
    json->BeginArray();
    json->BeginObject();
    json->Field("level", "error");
    WriteText("message", failure, json);
    json->EndObject();
    json->EndArray();
  }
  json->EndObject();
  json->EndArray();
}

}  // namespace

void WriteSarif(const std::vector<SarifRule>& rules, const std::vector<SarifResult>& results,
                JsonWriter* json) {
  WriteSarif(rules, results, SarifInvocation{}, json);
}

void WriteSarif(const std::vector<SarifRule>& rules, const std::vector<SarifResult>& results,
                const SarifInvocation& invocation, JsonWriter* json) {
  json->BeginObject(JsonLayout::kLines);
  json->Field("$schema", "https://json.schemastore.org/sarif-2.1.0.json");
  json->Field("version", "2.1.0");
  json->Key("runs");
  json->BeginArray();
  json->BeginObject(JsonLayout::kLines);
  json->Key("tool");
  json->BeginObject();
  json->Key("driver");
  json->BeginObject();
  json->Field("name", "leaktrail");
  if (!invocation.version.empty()) json->Field("version", invocation.version);
  json->Key("rules");
  json->BeginArray(JsonLayout::kLines);
  for (const SarifRule& rule : rules) {
    json->BeginObject();
    json->Field("id", rule.id);
    WriteText("shortDescription", rule.summary, json);
    WriteText("fullDescription", rule.meaning, json);
    WriteText("help", rule.advice, json);
    json->EndObject();
  }
  json->EndArray();
  json->EndObject();
  json->EndObject();
  WriteInvocation(invocation.failure, json);
  json->Key("results");
  json->BeginArray(JsonLayout::kLines);
  for (const SarifResult& result : results) WriteResult(result, json);
  json->EndArray();
  json->EndObject();
  json->EndArray();
  json->EndObject();
  json->Finish();
}

}  // namespace leaktrail
