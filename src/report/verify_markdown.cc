#include <fmt/format.h>

#include "report/verify_report.h"
#include "report/words.h"

namespace leaktrail {
namespace {

// A cell or a line: what Markdown or HTML would read as markup is escaped.
std::string Cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (std::string_view("\\|*_`[]<>#~").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

}  // namespace

std::string VerifyMarkdown(const VerifyReport& report) {
  const TestedCauses& causes = report.causes;
  std::string out;
  if (!causes.title.empty()) out += fmt::format("### {}\n\n", Cell(SafeText(causes.title)));
  out += Cell(SafeText(causes.headline)) + ".\n\n";
  if (report.gate) out += "**The gate " + Cell(CausesGateText(*report.gate)) + ".**\n\n";
  out += "| cause | how tested | bytes per request | verdict | note |\n";
  out += "| --- | --- | --- | --- | --- |\n";
  for (const TestedArm& arm : causes.arms) {
    const VerifyRow row = RowOf(arm);
    const bool is_answer =
        arm.verdict == CauseVerdict::kCause || arm.verdict == CauseVerdict::kBringsIn;
    const std::string verdict = is_answer ? "**" + Cell(row.verdict) + "**" : Cell(row.verdict);
    out += fmt::format("| {} | {} | {} | {} | {} |\n", Cell(row.cause), Cell(row.how),
                       Cell(row.result), verdict, Cell(row.note));
  }
  out += fmt::format("\n{}.\n", Cell(ComparedText(causes)));
  for (const Diagnostic& d : report.notes.diagnostics) {
    out += fmt::format("\n{}.\n", Cell(SafeText(d.message)));
  }
  return out;
}

}  // namespace leaktrail
