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

void WritePlace(const SarifResult& result, JsonWriter* json) {
  json->Key("locations");
  json->BeginArray();
  json->BeginObject();
  json->Key("physicalLocation");
  json->BeginObject();
  json->Key("artifactLocation");
  json->BeginObject();
  json->Field("uri", UriOf(result.file));
  json->EndObject();
  json->Key("region");
  json->BeginObject();
  json->Field("startLine", std::max<uint32_t>(result.line, 1));
  json->EndObject();
  json->EndObject();
  json->EndObject();
  json->EndArray();
}

}  // namespace

void WriteSarif(const std::vector<SarifRule>& rules, const std::vector<SarifResult>& results,
                JsonWriter* json) {
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
  json->Key("rules");
  json->BeginArray(JsonLayout::kLines);
  for (const SarifRule& rule : rules) {
    json->BeginObject();
    json->Field("id", rule.id);
    WriteText("shortDescription", rule.description, json);
    json->EndObject();
  }
  json->EndArray();
  json->EndObject();
  json->EndObject();
  json->Key("results");
  json->BeginArray(JsonLayout::kLines);
  for (const SarifResult& result : results) {
    json->BeginObject();
    json->Field("ruleId", result.rule_id);
    json->Field("level", LevelName(result.level));
    WriteText("message", result.message, json);
    if (!result.file.empty()) WritePlace(result, json);
    if (!result.fingerprint.empty()) {
      json->Key("partialFingerprints");
      json->BeginObject();
      json->Field("leaktrail/v1", result.fingerprint);
      json->EndObject();
    }
    json->EndObject();
  }
  json->EndArray();
  json->EndObject();
  json->EndArray();
  json->EndObject();
  json->Finish();
}

}  // namespace leaktrail
