#include "report/findings_checks.h"

#include <fmt/format.h>

#include <algorithm>

#include "report/gate_text.h"
#include "report/words.h"

namespace leaktrail {
namespace {

constexpr const char* kRule = "memory-leak";
constexpr const char* kDoubtRule = "memory-growth";
constexpr const char* kNoPlace = "package.json";
constexpr size_t kDetailColumns = 100;

std::string PlainText(const FindingsReport& report) {
  TextOptions plain;
  plain.width = kDetailColumns;
  return FindingsText(report, plain);
}

std::string FunctionText(const CodePlace& place) {
  std::string text = PlaceText(place);
  if (!place.function.empty()) text += fmt::format(" {}()", SafeText(place.function));
  return text;
}

std::vector<SarifStep> StepsOf(const Suspect& suspect) {
  std::vector<SarifStep> steps;
  for (const StackFrame& frame : suspect.allocation_stack) {
    const CodePlace place = PlaceOf(frame);
    steps.push_back({"makes it: " + FunctionText(place), RepositoryFile(place), frame.line});
  }
  for (const TrailStep& step : suspect.trail) {
    if (!step.location) continue;
    CodePlace place = *step.location;
    if (place.package.empty()) place.package = step.package;
    std::string text = "holds it: ";
    if (!step.edge.empty()) text += SafeText(step.edge) + " → ";
    text += SafeName(step.class_name);
    if (!step.why.empty()) text += ", " + SafeText(step.why);
    steps.push_back({std::move(text), RepositoryFile(place), place.line});
  }
  return steps;
}

bool Counts(const std::vector<std::string>& fingerprints, const std::string& one) {
  return std::find(fingerprints.begin(), fingerprints.end(), one) != fingerprints.end();
}

SarifResult ResultOf(const FindingsReport& report, const Suspect& suspect,
                     const std::string& subject) {
  const Findings& findings = report.findings;
  const bool is_leak = findings.verdict == Verdict::kLeak;
  SarifResult result;
  result.rule_id = is_leak ? kRule : kDoubtRule;
  result.level = is_leak ? SarifLevel::kError : SarifLevel::kWarning;
  result.message = suspect.rank == 1 ? FindingsHeadline(findings) + ". " : std::string();
  result.message += fmt::format("{} {} piled up and keep {}",
                                FormatCountDelta(static_cast<int64_t>(suspect.grown_count)),
                                SafeName(suspect.class_name), FormatSize(suspect.grown_size));
  if (suspect.culprit) {
    result.message += ", " + FunctionText(suspect.culprit->place);
    result.file = RepositoryFile(suspect.culprit->place);
    result.line = suspect.culprit->place.line;
  }
  result.message += fmt::format(" ({})", SafeText(subject));
  if (result.file.empty()) {
    result.file = kNoPlace;
    result.line = 1;
  }
  result.fingerprint = suspect.fingerprint;
  const bool below = report.gate && report.gate->reason == GateReason::kBelowThreshold;
  result.is_known = report.gate && Counts(report.gate->known, suspect.fingerprint);
  if (result.is_known || below) result.level = SarifLevel::kNote;
  result.steps = StepsOf(suspect);
  return result;
}

// A fence that the text cannot end.
std::string Fenced(const std::string& text) {
  size_t longest = 2, run = 0;
  for (const char c : text) {
    run = c == '`' ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  const std::string fence(longest + 1, '`');
  return fence + "text\n" + text + (text.ends_with('\n') ? "" : "\n") + fence + "\n";
}

}  // namespace

std::string RepositoryFile(const CodePlace& place) {
  if (place.file.empty() || place.package.empty() || place.package == "node" ||
      place.package[0] == '(') {
    return "";
  }
  // What lies outside the app's folder is in no file of the repository.
  if (place.file[0] == '/' || place.file.starts_with("../")) return "";
  if (place.package == "app") return place.file;
  const size_t at = place.package.rfind('@');
  const std::string name =
      at == std::string::npos || at == 0 ? place.package : place.package.substr(0, at);
  return fmt::format("node_modules/{}/{}", name, place.file);
}

JunitCase FindingsCase(const FindingsReport& report, const std::string& subject) {
  const Findings& findings = report.findings;
  JunitCase c;
  c.name = subject;
  c.message = FindingsHeadline(findings);
  c.details = PlainText(report);
  if (findings.experiment) c.seconds = findings.experiment->load_seconds;
  if (findings.verdict != Verdict::kNoLeak && findings.culprit) {
    c.file = RepositoryFile(findings.culprit->place);
    c.line = findings.culprit->place.line;
  }
  const bool passed = report.gate ? report.gate->passed() : findings.verdict == Verdict::kNoLeak;
  c.outcome = passed                               ? JunitOutcome::kPassed
              : findings.verdict == Verdict::kLeak ? JunitOutcome::kFailed
                                                   : JunitOutcome::kSkipped;
  return c;
}

std::vector<SarifRule> FindingsRules() {
  return {
      {kRule, "Objects pile up under load and are never let go.",
       "The memory that lives after collections grows with the work and does not slow down. The "
       "place is the code that made or keeps the objects.",
       "Read the steps from the root down to the object and let it go where it should have been: "
       "clear the timer, remove the listener, bound the cache. Where the code is a package's, "
       "leaktrail bisect finds the version that brought it in."},
      {kDoubtRule, "Objects pile up, and it cannot be told yet whether that ends.",
       "The memory that lives after collections grew in the time that was measured. That may "
       "be a leak, or a cache that is not full yet.",
       "Measure for longer (the report says how much would settle it), or look whether the "
       "collection that grows has a bound."}};
}

std::vector<SarifResult> FindingsResults(const FindingsReport& report, const std::string& subject) {
  std::vector<SarifResult> results;
  const Findings& findings = report.findings;
  if (findings.verdict == Verdict::kNoLeak) return results;
  const GateResult counted = Judge(findings, {});
  for (const Suspect& suspect : findings.suspects) {
    if (Counts(counted.fresh, suspect.fingerprint)) {
      results.push_back(ResultOf(report, suspect, subject));
    }
  }
  if (results.empty() && findings.verdict == Verdict::kLeak) {
    SarifResult result;
    result.rule_id = kRule;
    result.message = fmt::format("{} ({})", FindingsHeadline(findings), SafeText(subject));
    result.file = kNoPlace;
    results.push_back(std::move(result));
  }
  return results;
}

std::string FindingsMarkdown(const FindingsReport& report, const std::string& subject) {
  std::string out = fmt::format("## {}\n\n", EscapedMarkup(FindingsHeadline(report.findings)));
  out += fmt::format("<code>{}</code>\n\n", EscapedMarkup(subject));
  if (report.gate) {
    out += fmt::format("**The gate {}.**\n\n",
                       EscapedMarkup(GateText(*report.gate, report.findings.growth.unit)));
  }
  return out + Fenced(PlainText(report));
}

std::string FailureMarkdown(const std::string& subject, const std::string& why) {
  return fmt::format("## No answer\n\n<code>{}</code>\n\n{}", EscapedMarkup(subject), Fenced(why));
}

}  // namespace leaktrail
