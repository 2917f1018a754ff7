// Odd but usable input, counted. Every report shows these.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace leaktrail {

enum class Severity : uint8_t { kInfo, kWarning, kError };

struct Diagnostic {
  std::string name;  // stable, kebab-case: scripts match on it
  Severity severity = Severity::kInfo;
  uint64_t count = 1;
  std::string message;
};

using Diagnostics = std::vector<Diagnostic>;

inline const char* SeverityName(Severity s) {
  switch (s) {
    case Severity::kInfo:
      return "info";
    case Severity::kWarning:
      return "warning";
    case Severity::kError:
      return "error";
  }
  return "info";
}

}  // namespace leaktrail
