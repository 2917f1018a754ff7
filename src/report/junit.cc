#include "report/junit.h"

#include <fmt/format.h>

#include <algorithm>

#include "report/words.h"

namespace leaktrail {
namespace {

const char* ElementOf(JunitOutcome outcome) {
  switch (outcome) {
    case JunitOutcome::kPassed:
      return "";
    case JunitOutcome::kFailed:
      return "failure";
    case JunitOutcome::kError:
      return "error";
    case JunitOutcome::kSkipped:
      return "skipped";
  }
  return "";
}

size_t CountOf(const std::vector<JunitCase>& cases, JunitOutcome outcome) {
  return static_cast<size_t>(std::count_if(
      cases.begin(), cases.end(), [&](const JunitCase& c) { return c.outcome == outcome; }));
}

void AppendCase(std::string_view suite, const JunitCase& c, std::string* out) {
  *out += fmt::format("    <testcase classname=\"{}\" name=\"{}\" time=\"{:.3f}\"",
                      EscapedMarkup(suite), EscapedMarkup(c.name), c.seconds);
  if (!c.file.empty()) {
    *out += fmt::format(" file=\"{}\" line=\"{}\"", EscapedMarkup(c.file), c.line);
  }
  const std::string element = ElementOf(c.outcome);
  if (element.empty() && c.details.empty()) {
    *out += "/>\n";
    return;
  }
  *out += ">\n";
  if (element.empty()) {
    *out += fmt::format("      <system-out>{}</system-out>\n", EscapedMarkup(c.details));
  } else {
    *out += fmt::format("      <{} message=\"{}\">{}</{}>\n", element, EscapedMarkup(c.message),
                        EscapedMarkup(c.details), element);
  }
  *out += "    </testcase>\n";
}

}  // namespace

std::string EscapedMarkup(std::string_view text) {
  std::string out;
  std::string_view rest = text;
  while (!rest.empty()) {
    // SafeText would make the line breaks of a text visible too.
    const size_t end = std::min(rest.find('\n'), rest.size());
    for (const char c : SafeText(rest.substr(0, end))) {
      switch (c) {
        case '&':
          out += "&amp;";
          break;
        case '<':
          out += "&lt;";
          break;
        case '>':
          out += "&gt;";
          break;
        case '"':
          out += "&quot;";
          break;
        case '\'':
          out += "&#39;";
          break;
        default:
          out += c;
      }
    }
    if (end == rest.size()) break;
    out += '\n';
    rest.remove_prefix(end + 1);
  }
  return out;
}

std::string JunitXml(std::string_view suite, const std::vector<JunitCase>& cases) {
  double seconds = 0;
  for (const JunitCase& c : cases) seconds += c.seconds;
  const std::string counts = fmt::format(
      "tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"{:.3f}\"", cases.size(),
      CountOf(cases, JunitOutcome::kFailed), CountOf(cases, JunitOutcome::kError),
      CountOf(cases, JunitOutcome::kSkipped), seconds);
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  out += fmt::format("<testsuites name=\"leaktrail\" {}>\n", counts);
  out += fmt::format("  <testsuite name=\"{}\" {}>\n", EscapedMarkup(suite), counts);
  for (const JunitCase& c : cases) AppendCase(suite, c, &out);
  return out + "  </testsuite>\n</testsuites>\n";
}

}  // namespace leaktrail
