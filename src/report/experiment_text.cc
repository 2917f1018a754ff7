#include "report/experiment_text.h"

#include <fmt/format.h>

#include <cmath>

#include "report/table.h"
#include "report/words.h"

namespace leaktrail {
namespace {

constexpr double kExactUpTo = 10'000;  // bytes per unit that are shown without rounding

bool Leaks(const SlopeFacts& slope) { return slope.outcome == "leak"; }

std::string SizeOf(double bytes) { return FormatSize(static_cast<uint64_t>(std::max(bytes, 0.0))); }

// Resident memory that grows while what JavaScript knows of does not.
bool OnlyResidentGrows(const ExperimentFacts& facts) {
  return Leaks(facts.resident) && !Leaks(facts.heap) && !Leaks(facts.external);
}

}  // namespace

std::string RateText(double bytes) {
  if (std::abs(bytes) < kExactUpTo)
    return fmt::format("{:+.{}f} B", bytes, std::abs(bytes) < 10 ? 1 : 0);
  return FormatSizeDelta(static_cast<int64_t>(bytes));
}

std::string IntervalText(const SlopeFacts& slope) {
  return fmt::format("{} to {}", RateText(slope.low), RateText(slope.high));
}

std::string GrowthText(const Findings& findings) {
  const ExperimentFacts& facts = *findings.experiment;
  const std::string unit = SafeText(findings.growth.unit);
  const bool outside_first = Leaks(facts.external) && facts.external.per_unit > facts.heap.per_unit;
  if (outside_first) {
    return fmt::format(": {} per {} outside V8's heap ({})", RateText(facts.external.per_unit),
                       unit, IntervalText(facts.external));
  }
  return fmt::format(": {} per {} ({})", RateText(facts.heap.per_unit), unit,
                     IntervalText(facts.heap));
}

std::vector<std::pair<std::string, std::string>> ExperimentLines(const Findings& findings,
                                                                 bool verbose) {
  const ExperimentFacts& facts = *findings.experiment;
  std::vector<std::pair<std::string, std::string>> lines;
  std::string load =
      fmt::format("{} in {} rounds after {} of warm-up",
                  FormatCountOf(facts.answered, findings.growth.unit, findings.growth.unit + "s"),
                  facts.samples.size(), facts.warm_up_rounds);
  if (facts.load_seconds > 0 && findings.growth.unit != "second") {
    load += fmt::format(", {} a second",
                        FormatCount(static_cast<uint64_t>(static_cast<double>(facts.answered) /
                                                          facts.load_seconds)));
  }
  if (facts.failed > 0) load += fmt::format(", {} failed", FormatCount(facts.failed));
  lines.emplace_back(findings.growth.unit == "second" ? "watched" : "load", std::move(load));
  if (!facts.samples.empty()) {
    const MemorySample &a = facts.samples.front(), &b = facts.samples.back();
    std::string memory = fmt::format("heap {} → {}", SizeOf(a.heap), SizeOf(b.heap));
    memory += fmt::format(", outside it {} → {}", SizeOf(a.external), SizeOf(b.external));
    memory += fmt::format(", resident {} → {}", SizeOf(a.resident), SizeOf(b.resident));
    lines.emplace_back("memory", std::move(memory));
  }
  if (OnlyResidentGrows(facts)) {
    lines.emplace_back("note",
                       fmt::format("resident memory grows by {} per {} though what JavaScript "
                                   "holds does not: native code or the allocator",
                                   RateText(facts.resident.per_unit), findings.growth.unit));
  }
  if (findings.verdict != Verdict::kLeak || verbose) {
    lines.emplace_back("would see",
                       fmt::format("a leak of {} per {} or more",
                                   SizeOf(facts.smallest_visible_per_unit), findings.growth.unit));
  }
  if (verbose) {
    const auto slope = [&](const char* name, const SlopeFacts& s) {
      lines.emplace_back(
          name, fmt::format("{} per {} ({}): {}, {}", RateText(s.per_unit), findings.growth.unit,
                            IntervalText(s), s.outcome, s.reason));
    };
    slope("heap", facts.heap);
    slope("external", facts.external);
    slope("resident", facts.resident);
    if (findings.growth.false_alarm_bound) {
      lines.emplace_back("bound", fmt::format("false alarms at most {:.3g} %",
                                              *findings.growth.false_alarm_bound * 100));
    }
  }
  return lines;
}

void AppendExperimentDetails(const ExperimentFacts& facts, const TextOptions& options,
                             std::string* out) {
  *out += "\n";
  Table rounds({{"round", Align::kRight},
                {"requests", Align::kRight},
                {"heap", Align::kRight},
                {"external", Align::kRight},
                {"resident", Align::kRight}});
  for (size_t i = 0; i < facts.samples.size(); ++i) {
    const MemorySample& s = facts.samples[i];
    rounds.AddRow({FormatCount(i + 1), FormatCount(static_cast<uint64_t>(s.units)), SizeOf(s.heap),
                   SizeOf(s.external), SizeOf(s.resident)},
                  Paint::kPlain);
  }
  rounds.AppendTo(options, out);
  for (const GrowingStack& stack : facts.stacks) {
    *out += fmt::format("\nmade and alive {}\n",
                        FormatSizeDelta(static_cast<int64_t>(stack.grown_bytes)));
    for (const StackFrame& f : stack.frames) {
      if (f.file.empty()) continue;
      *out += fmt::format("  {} › {}:{} {}\n", SafeText(f.package), SafeText(f.file), f.line,
                          f.function.empty() ? "(anonymous)" : SafeText(f.function));
    }
  }
}

void WriteExperimentJson(const ExperimentFacts& facts, JsonWriter* json) {
  const auto slope = [&](const char* name, const SlopeFacts& s) {
    json->Key(name);
    json->BeginObject();
    json->Field("bytes_per_unit", s.per_unit);
    json->Key("interval");
    json->BeginArray();
    json->Value(s.low);
    json->Value(s.high);
    json->EndArray();
    json->Field("verdict", s.outcome);
    json->Field("reason", s.reason);
    json->EndObject();
  };
  json->Key("experiment");
  json->BeginObject(JsonLayout::kLines);
  json->Field("subject", facts.subject);
  json->Field("node_version", facts.node_version);
  json->Field("answered", facts.answered);
  json->Field("failed", facts.failed);
  json->Field("load_seconds", facts.load_seconds);
  json->Field("warm_up_rounds", facts.warm_up_rounds);
  slope("heap", facts.heap);
  slope("external", facts.external);
  slope("rss", facts.resident);
  json->Field("smallest_visible_bytes_per_unit", facts.smallest_visible_per_unit);
  json->Field("units_to_settle", facts.units_to_settle);
  json->Key("samples");
  json->BeginArray(JsonLayout::kLines);
  for (const MemorySample& s : facts.samples) {
    json->BeginObject();
    json->Field("units", s.units);
    json->Field("heap_used", s.heap);
    json->Field("external", s.external);
    json->Field("array_buffers", s.array_buffers);
    json->Field("rss", s.resident);
    json->EndObject();
  }
  json->EndArray();
  json->Key("allocation_stacks");
  json->BeginArray(JsonLayout::kLines);
  for (const GrowingStack& stack : facts.stacks) {
    json->BeginObject();
    json->Field("grown_bytes", stack.grown_bytes);
    json->Key("frames");
    json->BeginArray();
    for (const StackFrame& f : stack.frames) {
      json->BeginObject();
      json->Field("function", f.function);
      json->Field("file", f.file);
      json->Field("line", f.line);
      json->Field("column", f.column);
      json->Field("package", f.package);
      json->EndObject();
    }
    json->EndArray();
    json->EndObject();
  }
  json->EndArray();
  json->EndObject();
}

}  // namespace leaktrail
