#include <fmt/format.h>

#include "report/experiment_text.h"
#include "report/table.h"
#include "report/verify_report.h"
#include "report/words.h"

namespace leaktrail {
namespace {

Paint PaintOf(const TestedArm& arm) {
  switch (arm.verdict) {
    case CauseVerdict::kCause:
    case CauseVerdict::kBringsIn:
      return Paint::kBad;
    case CauseVerdict::kPart:
    case CauseVerdict::kInconclusive:
    case CauseVerdict::kFailed:
      return Paint::kWarn;
    case CauseVerdict::kBaseline:
      return Paint::kBold;
    case CauseVerdict::kNotTheCause:
      return Paint::kPlain;
  }
  return Paint::kPlain;
}

void AppendDetails(const TestedArm& arm, const TextOptions& options, std::string* out) {
  *out += fmt::format("\n{}\n", Painted(RowOf(arm).cause, Paint::kBold, options));
  const auto line = [&](const char* label, const std::string& text) {
    *out += Wrapped(fmt::format("  {:<11}{}", label, text), 13, options) + "\n";
  };
  if (!arm.failure.empty()) return line("failed", SafeText(arm.failure));
  const ExperimentFacts& facts = arm.facts;
  line("load",
       fmt::format("{} in {} rounds after {} of warm-up{}",
                   FormatCountOf(facts.answered, "request", "requests"), facts.samples.size(),
                   facts.warm_up_rounds,
                   facts.failed > 0 ? fmt::format(", {} failed", FormatCount(facts.failed)) : ""));
  if (!facts.node_version.empty()) line("node", SafeText(facts.node_version));
  const auto slope = [&](const char* label, const SlopeFacts& s) {
    line(label, fmt::format("{} ({}): {}, {}", RateText(s.per_unit), IntervalText(s), s.outcome,
                            s.reason));
  };
  slope("heap", facts.heap);
  slope("external", facts.external);
  slope("resident", facts.resident);
  if (const std::string parts = ResidentPartsText(facts); !parts.empty()) line("made of", parts);
  if (arm.difference) {
    const TestedDifference& d = *arm.difference;
    line("less by",
         fmt::format("{} ({} to {})", RateText(d.per_unit), RateText(d.low), RateText(d.high)));
  }
  if (arm.is_kept) line("kept", "measured by an earlier run");
  for (const std::string& note : arm.install_notes) line("installed", SafeText(note));
}

}  // namespace

std::string VerifyText(const VerifyReport& report, const TextOptions& options) {
  const TestedCauses& causes = report.causes;
  std::string body;
  if (!causes.title.empty()) body += Painted(SafeText(causes.title), Paint::kBold, options) + "\n";
  body += Wrapped(SafeText(causes.headline) + ".", 0, options) + "\n";
  if (report.gate) {
    body += Painted(Wrapped("The gate " + CausesGateText(*report.gate), 0, options),
                    report.gate->passed() ? Paint::kGood : Paint::kBad, options) +
            "\n";
  }
  body += "\n";
  Table table({{"cause", Align::kLeft, Shrink::kEnd},
               {"how tested", Align::kLeft, Shrink::kEnd, Paint::kPlain, 40},
               {"bytes per request", Align::kLeft, Shrink::kNever},
               {"verdict", Align::kLeft, Shrink::kNever},
               {"note", Align::kLeft, Shrink::kEnd}});
  for (const TestedArm& arm : causes.arms) {
    VerifyRow row = RowOf(arm);
    // A sentence needs more room than a cell has.
    if (!arm.failure.empty()) row.note = "see below";
    table.AddRow({row.cause, row.how, row.result, row.verdict, row.note}, PaintOf(arm));
  }
  table.AppendTo(options, &body);
  for (const TestedArm& arm : causes.arms) {
    if (arm.failure.empty()) continue;
    body += "\n" +
            Wrapped(fmt::format("{}: {}", RowOf(arm).cause, SafeText(arm.failure)), 2, options) +
            "\n";
  }
  body += "\n" + Wrapped(ComparedText(causes), 0, options) + "\n";
  if (options.verbose) {
    for (const TestedArm& arm : causes.arms) AppendDetails(arm, options, &body);
  }
  AppendDiagnostics(report.notes.diagnostics, options, &body);
  return body;
}

}  // namespace leaktrail
