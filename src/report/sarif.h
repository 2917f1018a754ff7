// SARIF 2.1.0, as code-scanning pages read it: rules, and results at a place in a file.
//
// Only what GitHub's page uses: a rule with descriptions and advice, a level, a message, one place
// relative to the repository's root, the steps that lead there, and a partial fingerprint that
// keeps an alert the same alert when lines move.
//
// Threads: a function of its input.
#pragma once

#include <string>
#include <vector>

#include "report/json_writer.h"

namespace leaktrail {

struct SarifRule {
  std::string id;       // "leak"
  std::string summary;  // one sentence
  std::string meaning;  // what was seen, in a few
  std::string advice;   // what to do about it
};

enum class SarifLevel : uint8_t { kError, kWarning, kNote };

// A step of the way that leads to the result, at a place.
struct SarifStep {
  std::string message;
  std::string file;
  uint32_t line = 1;
};

struct SarifResult {
  std::string rule_id;
  SarifLevel level = SarifLevel::kError;
  std::string message;
  std::string file;  // relative, with slashes
  uint32_t line = 1;
  std::string fingerprint;         // "" for none
  bool is_known = false;           // in a baseline: suppressed, and not shown as an alert
  std::vector<SarifStep> steps{};  // those without a file are left out
};

// How the run went.
struct SarifInvocation {
  std::string version;  // of leaktrail; "" if it does not matter
  std::string failure;  // why there is no answer; "" if there is one
};

void WriteSarif(const std::vector<SarifRule>& rules, const std::vector<SarifResult>& results,
                JsonWriter* json);
void WriteSarif(const std::vector<SarifRule>& rules, const std::vector<SarifResult>& results,
                const SarifInvocation& invocation, JsonWriter* json);

}  // namespace leaktrail
