// SARIF 2.1.0, as code-scanning pages read it: rules, and results at a place in a file.
//
// Only what GitHub's page uses: a rule with a short description, a level, a message, one place
// relative to the repository's root, and a partial fingerprint that keeps an alert the same alert
// when lines move.
//
// Threads: a function of its input.
#pragma once

#include <string>
#include <vector>

#include "report/json_writer.h"

namespace leaktrail {

struct SarifRule {
  std::string id;           // "leak"
  std::string description;  // one sentence
};

enum class SarifLevel : uint8_t { kError, kWarning, kNote };

struct SarifResult {
  std::string rule_id;
  SarifLevel level = SarifLevel::kError;
  std::string message;
  std::string file;  // relative, with slashes
  uint32_t line = 1;
  std::string fingerprint;  // "" for none
};

void WriteSarif(const std::vector<SarifRule>& rules, const std::vector<SarifResult>& results,
                JsonWriter* json);

}  // namespace leaktrail
