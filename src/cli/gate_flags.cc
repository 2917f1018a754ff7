#include "cli/gate_flags.h"

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include "cli/quantities.h"
#include "report/baseline.h"
#include "report/findings_checks.h"

namespace leaktrail {
namespace {

namespace fs = std::filesystem;

Result<double> ThresholdOf(const std::string& text) {
  std::optional<uint64_t> bytes = ParseSize(text);
  if (!bytes) bytes = ParseSize(text + "B");  // a bare number is bytes
  if (!bytes) {
    return Fail(ErrorKind::kUsage,
                fmt::format("--threshold takes bytes, like 100 or 1.5kB, not '{}'", text));
  }
  return static_cast<double>(*bytes);
}

Result<std::vector<std::string>> BaselineOf(const std::string& file) {
  std::error_code error;
  std::ifstream in;
  if (!fs::is_directory(file, error)) in.open(file, std::ios::binary);
  if (!in.is_open()) {
    return Fail(ErrorKind::kEnvironment, fmt::format("cannot read the baseline {}", file));
  }
  const std::string text(std::istreambuf_iterator<char>(in), {});
  Result<std::vector<std::string>> known = ReadBaseline(text);
  if (known) return known;
  Error wrong = known.error();
  wrong.message = fmt::format("{}: {}", file, wrong.message);
  return tl::unexpected(wrong);
}

// Before a minute of work, not after it.
Result<void> CheckWritable(const std::string& file) {
  if (file.empty()) return {};
  std::error_code error;
  const fs::path parent = fs::path(file).has_parent_path() ? fs::path(file).parent_path() : ".";
  if (!fs::is_directory(file, error) && fs::is_directory(parent, error) &&
      access(parent.c_str(), W_OK) == 0) {
    return {};
  }
  return Fail(ErrorKind::kEnvironment,
              fmt::format("cannot write {}; its folder must be there and writable", file));
}

Result<void> WriteFile(const std::string& file, const std::string& text) {
  if (file.empty()) return {};
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  out << text;
  out.close();
  if (out) return {};
  return Fail(ErrorKind::kEnvironment, fmt::format("cannot write {}", file));
}

// From the repository's root to this folder, since SARIF's paths begin there.
std::string FolderInRepository() {
  std::error_code error;
  const fs::path here = fs::current_path(error);
  for (fs::path at = here; !error && !at.empty(); at = at.parent_path()) {
    if (fs::exists(at / ".git", error)) {
      const fs::path below = here.lexically_relative(at);
      return below == "." ? "" : below.generic_string() + "/";
    }
    if (at == at.root_path()) break;
  }
  return "";
}

std::string SarifText(std::vector<SarifResult> results, const std::string& failure) {
  const std::string folder = FolderInRepository();
  for (SarifResult& result : results) {
    result.file = folder + result.file;
    for (SarifStep& step : result.steps) {
      if (!step.file.empty()) step.file = folder + step.file;
    }
  }
  std::string text;
  JsonWriter json([&](std::string_view piece) { text += piece; });
  WriteSarif(FindingsRules(), results, {LEAKTRAIL_VERSION, failure}, &json);
  return text;
}

}  // namespace

void AddGateFlags(Verb* verb, GateArguments* a, const std::string& unit) {
  verb->Text("--baseline", "FILE", &a->baseline, "a report (--json) whose leaks are known and pass")
      .Text("--threshold", "BYTES", &a->threshold,
            fmt::format("a leak below so many bytes per {} passes", unit))
      .Text("--junit", "FILE", &a->junit, "write the answer there as JUnit XML")
      .Text("--sarif", "FILE", &a->sarif, "write the answer there as SARIF 2.1.0")
      .Text("--markdown", "FILE", &a->markdown, "write the answer there as Markdown");
}

bool HasGate(const GateArguments& a) { return !a.baseline.empty() || !a.threshold.empty(); }

Result<GateOptions> ReadGate(const GateArguments& a) {
  GateOptions options;
  if (!a.threshold.empty()) {
    Result<double> threshold = ThresholdOf(a.threshold);
    if (!threshold) return tl::unexpected(threshold.error());
    options.threshold = *threshold;
  }
  if (!a.baseline.empty()) {
    Result<std::vector<std::string>> known = BaselineOf(a.baseline);
    if (!known) return tl::unexpected(known.error());
    options.known = std::move(*known);
  }
  for (const std::string* file : {&a.junit, &a.sarif, &a.markdown}) {
    if (Result<void> can = CheckWritable(*file); !can) return tl::unexpected(can.error());
  }
  return options;
}

Result<void> WriteGateFiles(const GateArguments& a, const std::string& verb,
                            const std::string& subject, const FindingsReport& report) {
  const std::string suite = "leaktrail " + verb;
  Result<void> written = WriteFile(a.junit, JunitXml(suite, {FindingsCase(report, subject)}));
  if (!written) return written;
  written = WriteFile(a.sarif, SarifText(FindingsResults(report, subject), ""));
  if (!written) return written;
  return WriteFile(a.markdown, FindingsMarkdown(report, subject));
}

void WriteGateFailure(const GateArguments& a, const std::string& verb, const std::string& subject,
                      const Error& error) {
  if (error.kind == ErrorKind::kUsage || error.kind == ErrorKind::kInterrupted) return;
  JunitCase c;
  c.name = subject;
  c.outcome = JunitOutcome::kError;
  c.message = error.message;
  (void)WriteFile(a.junit, JunitXml("leaktrail " + verb, {c}));
  (void)WriteFile(a.sarif, SarifText({}, error.message));
  (void)WriteFile(a.markdown, FailureMarkdown(subject, error.message));
}

}  // namespace leaktrail
