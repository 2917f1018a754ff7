// One page without scripts and without anything from elsewhere, light or dark as the reader has it.
#include <fmt/format.h>

#include <algorithm>

#include "report/experiment_text.h"
#include "report/junit.h"
#include "report/verify_report.h"

namespace leaktrail {
namespace {

constexpr std::string_view kHead = R"(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>leaktrail verify</title>
<style>
:root { color-scheme: light dark; --line: #8884; --bad: #c62828; --warn: #b26a00; --bar: #4a7db8; }
@media (prefers-color-scheme: dark) { :root { --bad: #ef7070; --warn: #e0a040; --bar: #7fb2ec; } }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.2rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .45rem .8rem .45rem 0; border-bottom: 1px solid var(--line); }
th { font-weight: 600; }
td.verdict { white-space: nowrap; }
.bad { color: var(--bad); font-weight: 600; }
.good { font-weight: 600; }
.warn { color: var(--warn); }
svg { display: block; width: 14rem; height: 1rem; }
footer, .notes { opacity: .75; font-size: .9rem; }
</style>
</head>
<body>
)";

constexpr double kPlotWidth = 200, kPlotMargin = 6;

const char* ClassOf(const TestedArm& arm) {
  switch (arm.verdict) {
    case CauseVerdict::kCause:
    case CauseVerdict::kBringsIn:
      return "verdict bad";
    case CauseVerdict::kPart:
    case CauseVerdict::kInconclusive:
    case CauseVerdict::kFailed:
      return "verdict warn";
    case CauseVerdict::kBaseline:
      return arm.own == Verdict::kLeak ? "verdict bad" : "verdict";
    case CauseVerdict::kNotTheCause:
      return "verdict";
  }
  return "verdict";
}

// All intervals of the page on one scale.
class Plot {
 public:
  explicit Plot(const TestedCauses& causes) {
    for (const TestedArm& arm : causes.arms) {
      if (!arm.failure.empty()) continue;
      low_ = std::min(low_, arm.growth.low);
      high_ = std::max(high_, arm.growth.high);
    }
    if (high_ <= low_) high_ = low_ + 1;
  }
  std::string Of(const SlopeFacts& growth) const {
    return fmt::format(
        "<svg viewBox=\"0 0 {0:.0f} 16\" preserveAspectRatio=\"none\" role=\"img\" "
        "aria-label=\"{1}\"><line x1=\"{2:.1f}\" x2=\"{2:.1f}\" y1=\"1\" y2=\"15\" "
        "stroke=\"var(--line)\" stroke-width=\"2\"/><line x1=\"{3:.1f}\" x2=\"{4:.1f}\" y1=\"8\" "
        "y2=\"8\" stroke=\"var(--bar)\" stroke-width=\"3\"/><line x1=\"{5:.1f}\" x2=\"{5:.1f}\" "
        "y1=\"3\" y2=\"13\" stroke=\"var(--bar)\" stroke-width=\"4\"/></svg>",
        kPlotWidth, EscapedMarkup(IntervalText(growth)), At(0), At(growth.low), At(growth.high),
        At(growth.per_unit));
  }

 private:
  double At(double bytes) const {
    const double part = (bytes - low_) / (high_ - low_);
    return kPlotMargin + part * (kPlotWidth - 2 * kPlotMargin);
  }
  double low_ = 0, high_ = 0;
};

}  // namespace

std::string VerifyHtml(const VerifyReport& report) {
  const TestedCauses& causes = report.causes;
  std::string out(kHead);
  out += fmt::format("<h1>{}</h1>\n",
                     EscapedMarkup(causes.title.empty() ? "leaktrail verify" : causes.title));
  out += fmt::format("<p>{}.</p>\n", EscapedMarkup(causes.headline));
  if (report.gate) {
    out += fmt::format("<p class=\"{}\">The gate {}.</p>\n", report.gate->passed() ? "good" : "bad",
                       EscapedMarkup(CausesGateText(*report.gate)));
  }
  out +=
      "<div class=\"scroll\"><table>\n<thead><tr><th>cause</th><th>how tested</th><th>bytes per "
      "request</th><th>verdict</th><th>note</th></tr></thead>\n<tbody>\n";
  const Plot plot(causes);
  for (const TestedArm& arm : causes.arms) {
    const VerifyRow row = RowOf(arm);
    const std::string result =
        row.result.empty() ? "" : EscapedMarkup(row.result) + plot.Of(arm.growth);
    out += fmt::format(
        "<tr><td>{}</td><td>{}</td><td>{}</td><td class=\"{}\">{}</td><td>{}</td>"
        "</tr>\n",
        EscapedMarkup(row.cause), EscapedMarkup(row.how), result, ClassOf(arm),
        EscapedMarkup(row.verdict), EscapedMarkup(row.note));
  }
  out += "</tbody>\n</table></div>\n";
  if (!report.notes.diagnostics.empty()) {
    out += "<ul class=\"notes\">\n";
    for (const Diagnostic& d : report.notes.diagnostics) {
      out += fmt::format("<li>{}</li>\n", EscapedMarkup(d.message));
    }
    out += "</ul>\n";
  }
  out += fmt::format("<footer>{}.</footer>\n", EscapedMarkup(ComparedText(causes)));
  return out + "</body>\n</html>\n";
}

}  // namespace leaktrail
