// JUnit's XML, as CI systems read it: one suite, a case for each question that was put.
//
// There is no standard; this is what GitLab, Jenkins and GitHub's reporters agree on: failure (the
// answer is bad), error (no answer), skipped (the answer is open).
//
// Threads: a function of its input.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace leaktrail {

enum class JunitOutcome : uint8_t { kPassed, kFailed, kError, kSkipped };

struct JunitCase {
  std::string name;
  JunitOutcome outcome = JunitOutcome::kPassed;
  std::string message;  // one line
  std::string details;  // text below it
  std::string file;     // the code to blame; "" for none
  uint32_t line = 0;
  double seconds = 0;
};

std::string JunitXml(std::string_view suite, const std::vector<JunitCase>& cases);

// Text and attributes of XML 1.0 and HTML: markup escaped, and what XML may not have at all
// (control characters, broken UTF-8) made visible.
std::string EscapedMarkup(std::string_view text);

}  // namespace leaktrail
