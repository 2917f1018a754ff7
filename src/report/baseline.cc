#include "report/baseline.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace leaktrail {

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

}  // namespace leaktrail
