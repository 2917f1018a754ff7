#include "cli/gate_flags.h"

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string_view>
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

// What `read` makes of the file's text.
template <typename Read>
auto BaselineOf(const std::string& file, const Read& read) -> decltype(read(std::string_view())) {
  std::error_code error;
  std::ifstream in;
  if (!fs::is_directory(file, error)) in.open(file, std::ios::binary);
  if (!in.is_open()) {
    return Fail(ErrorKind::kEnvironment, fmt::format("cannot read the baseline {}", file));
  }
  const std::string text(std::istreambuf_iterator<char>(in), {});
  auto known = read(text);
  if (known) return known;
  Error wrong = known.error();
  wrong.message = fmt::format("{}: {}", file, wrong.message);
  return tl::unexpected(wrong);
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

std::string SarifText(const std::vector<SarifRule>& rules, std::vector<SarifResult> results,
                      const std::string& failure) {
  const std::string folder = FolderInRepository();
  for (SarifResult& result : results) {
    result.file = folder + result.file;
    for (SarifStep& step : result.steps) {
      if (!step.file.empty()) step.file = folder + step.file;
    }
  }
  std::string text;
  JsonWriter json([&](std::string_view piece) { text += piece; });
  WriteSarif(rules, results, {LEAKTRAIL_VERSION, failure}, &json);
  return text;
}

// The threshold; and the files can be written.
Result<std::optional<double>> ReadCommon(const GateArguments& a) {
  std::optional<double> threshold;
  if (!a.threshold.empty()) {
    Result<double> read = ThresholdOf(a.threshold);
    if (!read) return tl::unexpected(read.error());
    threshold = *read;
  }
  for (const std::string* file : {&a.junit, &a.sarif, &a.markdown}) {
    if (Result<void> can = CheckWritable(*file); !can) return tl::unexpected(can.error());
  }
  return threshold;
}

}  // namespace

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
  Result<std::optional<double>> threshold = ReadCommon(a);
  if (!threshold) return tl::unexpected(threshold.error());
  options.threshold = *threshold;
  if (a.baseline.empty()) return options;
  Result<std::vector<std::string>> known = BaselineOf(a.baseline, ReadBaseline);
  if (!known) return tl::unexpected(known.error());
  options.known = std::move(*known);
  return options;
}

Result<CausesGateOptions> ReadCausesGate(const GateArguments& a) {
  CausesGateOptions options;
  Result<std::optional<double>> threshold = ReadCommon(a);
  if (!threshold) return tl::unexpected(threshold.error());
  options.threshold = *threshold;
  if (a.baseline.empty()) return options;
  Result<KnownCauses> known = BaselineOf(a.baseline, ReadCausesBaseline);
  if (!known) return tl::unexpected(known.error());
  options.known = std::move(*known);
  return options;
}

Result<void> WriteReportFile(const std::string& file, const std::string& text) {
  if (file.empty()) return {};
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  out << text;
  out.close();
  if (out) return {};
  return Fail(ErrorKind::kEnvironment, fmt::format("cannot write {}", file));
}

Result<void> WriteGateFiles(const GateArguments& a, const std::string& verb,
                            const std::string& subject, const FindingsReport& report) {
  const std::string suite = "leaktrail " + verb;
  Result<void> written = WriteReportFile(a.junit, JunitXml(suite, {FindingsCase(report, subject)}));
  if (!written) return written;
  written =
      WriteReportFile(a.sarif, SarifText(FindingsRules(), FindingsResults(report, subject), ""));
  if (!written) return written;
  return WriteReportFile(a.markdown, FindingsMarkdown(report, subject));
}

Result<void> WriteGateFiles(const GateArguments& a, const VerifyReport& report) {
  Result<void> written =
      WriteReportFile(a.junit, JunitXml("leaktrail verify", VerifyCases(report)));
  if (!written) return written;
  written = WriteReportFile(a.sarif, SarifText(VerifyRules(), VerifyResults(report), ""));
  if (!written) return written;
  return WriteReportFile(a.markdown, VerifyMarkdown(report));
}

void WriteGateFailure(const GateArguments& a, const std::string& verb, const std::string& subject,
                      const Error& error) {
  if (error.kind == ErrorKind::kUsage || error.kind == ErrorKind::kInterrupted) return;
  JunitCase c;
  c.name = subject;
  c.outcome = JunitOutcome::kError;
  c.message = error.message;
  (void)WriteReportFile(a.junit, JunitXml("leaktrail " + verb, {c}));
  (void)WriteReportFile(
      a.sarif, SarifText(verb == "verify" ? VerifyRules() : FindingsRules(), {}, error.message));
  (void)WriteReportFile(a.markdown, FailureMarkdown(subject, error.message));
}

}  // namespace leaktrail
