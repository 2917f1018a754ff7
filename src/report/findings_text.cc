#include <fmt/format.h>

#include <algorithm>

#include "report/experiment_text.h"
#include "report/findings_report.h"
#include "report/table.h"
#include "report/words.h"

namespace leaktrail {
namespace {

constexpr const char* kOwnCode = "app";  // as a package
constexpr size_t kLabelColumns = 11;
constexpr size_t kThreeColumns = 110;  // a trail has place for its remarks beside it
constexpr size_t kClassColumns = 48;
constexpr size_t kEdgeColumns = 40;
constexpr size_t kCompanions = 4;  // of what grows with a suspect

const char* BecauseWords(Because because) {
  switch (because) {
    case Because::kAllocationStack:
      return "its code was on the stack when the growing objects were made";
    case Because::kConstructor:
      return "its code makes the growing objects";
    case Because::kOwner:
      return "its code owns what they pile up in";
    case Because::kDominator:
      return "all of them hang below its objects";
  }
  return "";
}

std::string FunctionPlaceText(const CodePlace& place) {
  std::string text = PlaceText(place);
  if (!place.function.empty()) text += fmt::format(" {}()", SafeText(place.function));
  return text;
}

CodePlace PlaceWith(const std::string& package, const std::optional<CodePlace>& location) {
  CodePlace place = location.value_or(CodePlace{});
  if (place.package.empty()) place.package = package;
  return place;
}

template <typename Format>
std::string Steps(const std::vector<uint64_t>& values, const Format& format) {
  std::string out;
  for (const uint64_t v : values) out += (out.empty() ? "" : " → ") + format(v);
  return out;
}

// "label      text": the text wraps below itself.
void AppendLabelled(std::string_view label, std::string_view text, Paint paint,
                    const TextOptions& options, std::string* out) {
  if (text.empty()) return;
  TextOptions narrow = options;
  if (narrow.width > kLabelColumns + 20) narrow.width -= kLabelColumns;
  std::string body = Wrapped(text, 0, narrow);
  *out += Painted(fmt::format("{:<{}}", label, kLabelColumns), Paint::kDim, options);
  for (size_t begin = 0; begin <= body.size();) {
    const size_t end = std::min(body.find('\n', begin), body.size());
    if (begin > 0) out->append(kLabelColumns, ' ');
    *out += Painted(std::string_view(body).substr(begin, end - begin), paint, options) + "\n";
    begin = end + 1;
  }
}

// As it stands in a text: a capital letter in front and a full stop behind.
std::string Sentence(const std::string& reason) {
  std::string text = SafeText(reason);
  if (text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 'a' + 'A');
  if (text.back() != '.') text += '.';
  return text;
}

std::string VerdictWords(const Findings& findings) {
  switch (findings.verdict) {
    case Verdict::kLeak:
      return findings.culprit && !findings.culprit->place.package.empty()
                 ? fmt::format("Leak in {}", SafeText(findings.culprit->place.package))
                 : "Leak";
    case Verdict::kNoLeak:
      return "No leak";
    case Verdict::kInconclusive:
      break;
  }
  return "Inconclusive";
}

Paint PaintOf(Verdict verdict) {
  return verdict == Verdict::kLeak     ? Paint::kBad
         : verdict == Verdict::kNoLeak ? Paint::kGood
                                       : Paint::kWarn;
}

// ": +420 kB per second (…)"; "" where there is none to tell.
std::string RateWords(const Findings& findings) {
  if (findings.experiment) return GrowthText(findings);
  if (findings.verdict != Verdict::kLeak) return "";
  const auto rate = static_cast<int64_t>(findings.growth.heap_bytes_per_unit);
  return fmt::format(": {} per {}", FormatSizeDelta(rate), SafeText(findings.growth.unit));
}

void AppendVerdict(const FindingsReport& report, const TextOptions& options, std::string* out) {
  const Findings& findings = report.findings;
  *out += Painted(VerdictWords(findings), PaintOf(findings.verdict), options);
  *out += RateWords(findings);
  *out += '\n';
  if (!findings.reason.empty()) *out += Wrapped(Sentence(findings.reason), 0, options) + "\n";
  if (!report.gate) return;
  *out += Painted(Wrapped("The gate " + GateText(*report.gate, findings.growth.unit), 0, options),
                  report.gate->passed() ? Paint::kGood : Paint::kBad, options) +
          "\n";
}

// Where nothing is proven there is a candidate at most.
const char* CulpritLabel(Verdict verdict) {
  return verdict == Verdict::kLeak ? "culprit" : "candidate";
}

// The service's own function nearest to the objects on the stack that made them, if the culprit is
// a package: whether that one leaks or is used wrongly is for a person to say.
const StackFrame* OwnCaller(const Findings& findings) {
  if (findings.suspects.empty() || findings.culprit->place.package == kOwnCode) return nullptr;
  const std::vector<StackFrame>& stack = findings.suspects.front().allocation_stack;
  const auto it = std::find_if(stack.begin(), stack.end(),
                               [](const StackFrame& frame) { return frame.package == kOwnCode; });
  return it == stack.end() ? nullptr : &*it;
}

void AppendCulprit(const Findings& findings, const TextOptions& options, std::string* out) {
  const Culprit& culprit = *findings.culprit;
  AppendLabelled(CulpritLabel(findings.verdict), FunctionPlaceText(culprit.place), Paint::kBold,
                 options, out);
  AppendLabelled("because", BecauseWords(culprit.because), Paint::kPlain, options, out);
  if (const StackFrame* caller = OwnCaller(findings)) {
    AppendLabelled("called by", FunctionPlaceText(PlaceOf(*caller)), Paint::kPlain, options, out);
  }
}

// The trail without the engine's own steps, unless they are wanted.
std::vector<const TrailStep*> ShownSteps(const Suspect& suspect, const TextOptions& options) {
  std::vector<const TrailStep*> shown;
  for (size_t i = 0; i < suspect.trail.size(); ++i) {
    const TrailStep& step = suspect.trail[i];
    const bool is_end = i == 0 || i + 1 == suspect.trail.size();
    if (step.is_engine && !is_end && !step.is_culprit && !options.verbose) continue;
    shown.push_back(&step);
  }
  return shown;
}

std::string StepEdge(const TrailStep& step) {
  if (step.edge.empty()) return "";
  const std::string name = ShortenEnd(SafeText(step.edge), kEdgeColumns);
  return fmt::format("{}{} → ", step.edge_type == "context" ? "variable " : "", name);
}

// "◀ …" at the step where the objects should have been let go; "" where it would repeat the remark
// of the step before.
std::string RemarkOf(const TrailStep& step, const TrailStep* before) {
  const std::string why = SafeText(step.why);
  if (!step.is_culprit) return before != nullptr && before->why == step.why ? "" : why;
  return why.empty() ? "◀ here" : fmt::format("◀ {}", why);
}

std::string StepText(const TrailStep& step, bool first, bool last, const TextOptions& options) {
  std::string text = first ? "" : last ? "╰→ " : "├─ ";
  text += StepEdge(step) + ShortenEnd(SafeName(step.class_name), kClassColumns);
  if (step.repeat > 1) text += fmt::format(" ×{}", FormatCount(step.repeat));
  if (options.verbose && step.id > 0) text += fmt::format(" @{}", step.id);
  return text;
}

// One step a line. Where three columns do not fit, the trail begins at the left edge and a remark
// has a line of its own below its step.
void AppendTrail(const Suspect& suspect, const TextOptions& options, std::string* out) {
  const std::vector<const TrailStep*> shown = ShownSteps(suspect, options);
  if (shown.empty()) return;
  const bool narrow = options.width > 0 && options.width < kThreeColumns;
  const size_t indent = narrow ? 2 : kLabelColumns;
  TextOptions inside = options;
  if (inside.width > 0) inside.width -= indent;
  std::vector<TableColumn> columns{{"", Align::kLeft, Shrink::kEnd},
                                   {"", Align::kLeft, Shrink::kFront, Paint::kPlace}};
  if (!narrow) columns.push_back({"", Align::kLeft, Shrink::kEnd, Paint::kDim});
  Table table(std::move(columns));
  for (size_t i = 0; i < shown.size(); ++i) {
    const TrailStep& step = *shown[i];
    std::vector<std::string> cells{StepText(step, i == 0, i + 1 == shown.size(), options),
                                   PlaceText(PlaceWith(step.package, step.location))};
    if (!narrow) cells.push_back(RemarkOf(step, i > 0 ? shown[i - 1] : nullptr));
    table.AddRow(std::move(cells), step.is_culprit ? Paint::kBad : Paint::kPlain);
  }
  std::string lines;
  table.AppendTo(inside, &lines);
  const std::string label = Painted("trail", Paint::kDim, options);
  const std::string lead(indent, ' ');
  *out += narrow ? label + "\n" : label + std::string(indent - 5, ' ');
  size_t begin = 0;
  for (size_t i = 0; i < shown.size(); ++i) {
    const size_t end = lines.find('\n', begin);
    if (narrow || i > 0) *out += lead;
    *out += lines.substr(begin, end + 1 - begin);
    begin = end + 1;
    const std::string remark = narrow ? RemarkOf(*shown[i], i > 0 ? shown[i - 1] : nullptr) : "";
    if (remark.empty()) continue;
    const std::string rail = i + 1 == shown.size() ? "     " : "│    ";
    *out += lead + rail +
            Painted(ShortenEnd(remark, inside.width - 5),
                    shown[i]->is_culprit ? Paint::kBad : Paint::kDim, options) +
            "\n";
  }
  const size_t hidden = suspect.trail.size() - shown.size();
  if (hidden > 0) {
    const std::string note = fmt::format("{} of the engine not shown (--verbose)",
                                         FormatCountOf(hidden, "step", "steps"));
    *out += lead + Painted(note, Paint::kDim, options) + "\n";
  }
}

std::string OwnerText(const SuspectOwner& owner) {
  std::string text = SafeName(owner.property.empty() ? owner.class_name : owner.property);
  if (!owner.property.empty() && !owner.class_name.empty()) {
    text += fmt::format(" ({})", SafeName(owner.class_name));
  }
  if (!owner.entry_count.empty()) {
    text += fmt::format(", holds {}", Steps(owner.entry_count, FormatCount));
  }
  const std::string place = PlaceText(PlaceWith(owner.package, owner.location));
  if (!place.empty()) text += ", " + place;
  return text;
}

std::string CompanionsText(const std::vector<std::string>& classes, bool all) {
  std::string text;
  const size_t shown = all ? classes.size() : std::min(classes.size(), kCompanions);
  for (size_t i = 0; i < shown; ++i) text += (i > 0 ? ", " : "") + SafeText(classes[i]);
  if (shown < classes.size()) text += fmt::format(" and {} more", classes.size() - shown);
  return text;
}

// What the suspect is and how it grows: the part that every suspect gets.
void AppendGrowth(const Suspect& suspect, const TextOptions& options, std::string* out) {
  const std::string place = PlaceText(PlaceWith(suspect.package, suspect.location));
  std::string title = fmt::format("{} {}",
                                  suspect.count.size() > 1
                                      ? FormatCountDelta(static_cast<int64_t>(suspect.grown_count))
                                      : FormatCount(suspect.grown_count),
                                  ShortenEnd(SafeName(suspect.class_name), kClassColumns));
  *out +=
      Painted(fmt::format("suspect {:<{}}", suspect.rank, kLabelColumns - 8), Paint::kDim, options);
  *out += Painted(title, Paint::kName, options);
  *out += fmt::format(", keep {}", FormatSize(suspect.grown_size));
  *out += '\n';
  AppendLabelled("made in", place, Paint::kPlace, options, out);
  if (suspect.count.size() > 1) {
    AppendLabelled(
        "count",
        fmt::format("{}  ({})", Steps(suspect.count, FormatCount), GrowthShapeName(suspect.shape)),
        Paint::kPlain, options, out);
  }
  if (!suspect.retained_size.empty() && (suspect.count.size() == 1 || options.verbose)) {
    AppendLabelled("retained", Steps(suspect.retained_size, FormatSize), Paint::kPlain, options,
                   out);
  }
}

void AppendDetails(const Suspect& suspect, const TextOptions& options, std::string* out) {
  AppendLabelled("with", CompanionsText(suspect.grows_with, options.verbose), Paint::kPlain,
                 options, out);
  if (suspect.owner) AppendLabelled("in", OwnerText(*suspect.owner), Paint::kPlain, options, out);
  AppendTrail(suspect, options, out);
  for (const StackFrame& frame : suspect.allocation_stack) {
    AppendLabelled("made by", FunctionPlaceText(PlaceOf(frame)), Paint::kPlain, options, out);
  }
  if (options.verbose) {
    AppendLabelled("evidence",
                   fmt::format("fingerprint {}, confidence {:.0f}%", SafeText(suspect.fingerprint),
                               suspect.confidence * 100),
                   Paint::kDim, options, out);
  }
}

// "6,000 buffers, 98 MB: packets[] (Array), app › app.js:9"
std::string BufferOwnerText(const BufferOwner& owner) {
  std::string text = fmt::format("{}, {}: ", FormatCountOf(owner.count, "buffer", "buffers"),
                                 FormatSize(owner.size));
  if (owner.class_name.empty()) return text + "no object of JavaScript holds them";
  text += owner.property.empty()
              ? SafeName(owner.class_name)
              : fmt::format("{} ({})", SafeName(owner.property), SafeName(owner.class_name));
  const std::string place = PlaceText(PlaceWith(owner.package, owner.location));
  if (!place.empty()) text += ", " + place;
  return text;
}

// Who holds the memory outside V8's heap, where it is that memory that grows.
void AppendBuffers(const Findings& findings, const TextOptions& options, std::string* out) {
  const double outside = findings.growth.external_bytes_per_unit.value_or(0);
  const bool matters = findings.verdict != Verdict::kNoLeak && outside > 0 &&
                       outside >= findings.growth.heap_bytes_per_unit / 2;
  if (!matters && !options.verbose) return;
  for (const BufferOwner& owner : findings.buffers) {
    if (!options.verbose && owner.size < findings.buffers.front().size / 20) break;
    AppendLabelled("buffers", BufferOwnerText(owner), Paint::kPlain, options, out);
  }
}

// Too small to be why the memory grows.
bool IsTrivialBeside(const Suspect& suspect, const Suspect& first) {
  return suspect.grown_size < first.grown_size / 100;
}

}  // namespace

std::string FindingsHeadline(const Findings& findings) {
  return VerdictWords(findings) + RateWords(findings);
}

std::string FindingsText(const FindingsReport& report, const TextOptions& options) {
  const Findings& findings = report.findings;
  std::string out;
  AppendVerdict(report, options, &out);
  if (findings.culprit) {
    out += '\n';
    AppendCulprit(findings, options, &out);
  }
  if (findings.experiment) {
    for (const auto& [label, text] : ExperimentLines(findings, options.verbose)) {
      AppendLabelled(label, text, Paint::kPlain, options, &out);
    }
  } else if (findings.heap_size.size() > 1) {
    AppendLabelled("heap", Steps(findings.heap_size, FormatSize), Paint::kPlain, options, &out);
  }
  AppendBuffers(findings, options, &out);
  size_t hidden = 0;
  for (size_t i = 0; i < findings.suspects.size(); ++i) {
    const Suspect& suspect = findings.suspects[i];
    if (!options.verbose && IsTrivialBeside(suspect, findings.suspects.front())) {
      ++hidden;
      continue;
    }
    out += '\n';
    AppendGrowth(suspect, options, &out);
    // The first suspect is the answer; the others are there to be ruled out.
    if (i > 0 && suspect.culprit) {
      AppendLabelled(CulpritLabel(findings.verdict), FunctionPlaceText(suspect.culprit->place),
                     Paint::kPlain, options, &out);
    }
    const bool is_answer = i == 0 && findings.verdict != Verdict::kNoLeak;
    if (is_answer || options.verbose) AppendDetails(suspect, options, &out);
  }
  if (hidden > 0) {
    out += '\n';
    AppendLabelled("also", fmt::format("{} below 1% of that; --verbose shows more", hidden),
                   Paint::kDim, options, &out);
  }
  if (options.verbose && findings.experiment) {
    AppendExperimentDetails(*findings.experiment, options, &out);
  }
  if (options.verbose) {
    out += '\n';
    for (const SnapshotInfo& snapshot : report.snapshots) {
      AppendSnapshotLine(snapshot, options, &out);
    }
  }
  AppendDiagnostics(report.notes.diagnostics, options, &out);
  return out;
}

}  // namespace leaktrail
