#include "report/baseline.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace leaktrail {
namespace {

using Json = nlohmann::json;

std::string TextAt(const Json& object, const char* key) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

Result<std::vector<std::string>> ReadBaseline(std::string_view json) {
  const nlohmann::json document = nlohmann::json::parse(json, nullptr, /*allow_exceptions=*/false);
  if (document.is_discarded()) {
    return Fail(ErrorKind::kBadInput, "this is not JSON; make it with leaktrail find --json");
  }
  const auto schema = document.is_object() ? document.find("schema") : document.end();
  if (schema == document.end() || *schema != "leaktrail.findings/1") {
    return Fail(ErrorKind::kBadInput,
                "this is no report of findings (schema leaktrail.findings/1); make it with "
                "leaktrail find --json");
  }
  std::vector<std::string> known;
  const auto suspects = document.find("suspects");
  if (suspects == document.end() || !suspects->is_array()) {
    return Fail(ErrorKind::kBadInput, "its list of suspects is missing");
  }
  for (const nlohmann::json& suspect : *suspects) {
    const auto fingerprint = suspect.is_object() ? suspect.find("fingerprint") : suspect.end();
    if (fingerprint == suspect.end() || !fingerprint->is_string()) {
      return Fail(ErrorKind::kBadInput, "a suspect in it has no fingerprint");
    }
    const std::string& text = fingerprint->get_ref<const std::string&>();
    if (std::find(known.begin(), known.end(), text) == known.end()) known.push_back(text);
  }
  return known;
}

Result<KnownCauses> ReadCausesBaseline(std::string_view json) {
  const Json document = Json::parse(json, nullptr, /*allow_exceptions=*/false);
  if (document.is_discarded()) {
    return Fail(ErrorKind::kBadInput, "this is not JSON; make it with leaktrail verify --json");
  }
  KnownCauses known;
  const std::string schema = TextAt(document, "schema");
  if (schema == "leaktrail.findings/1") {
    const auto culprit = document.find("culprit");
    const std::string label = culprit != document.end() ? TextAt(*culprit, "package") : "";
    const size_t at = label.rfind('@');
    if (at != std::string::npos && at > 0) known.packages.push_back(label.substr(0, at));
    return known;
  }
  const auto arms = document.is_object() ? document.find("arms") : document.end();
  if (schema != "leaktrail.verify/1" || arms == document.end() || !arms->is_array()) {
    return Fail(
        ErrorKind::kBadInput,
        "this is neither what leaktrail verify --json nor what leaktrail find --json wrote");
  }
  for (const Json& arm : *arms) {
    const std::string verdict = TextAt(arm, "verdict"), cause = TextAt(arm, "cause");
    if (!cause.empty() && (verdict == "cause" || verdict == "brings-in")) {
      known.causes.push_back(cause);
    }
  }
  return known;
}

}  // namespace leaktrail
