#include <fmt/format.h>

#include <algorithm>

#include "report/load_report.h"
#include "report/table.h"
#include "report/words.h"

namespace leaktrail {
namespace {

std::string Milliseconds(double ms) {
  if (ms >= 1000) return fmt::format("{:.2f} s", ms / 1000);
  return ms >= 100 ? fmt::format("{:.0f} ms", ms) : fmt::format("{:.{}f} ms", ms, ms >= 10 ? 1 : 2);
}

std::string PerSecond(double count) {
  return count >= 1000 ? FormatCount(static_cast<uint64_t>(count + 0.5))
                       : fmt::format("{:.{}f}", count, count >= 100 ? 0 : 2);
}

const char* ErrorWords(const std::string& kind) {
  if (kind == "connect") return "could not connect";
  if (kind == "tls") return "TLS failed";
  if (kind == "closed") return "closed too early";
  if (kind == "timeout") return "no answer in time";
  if (kind == "malformed") return "not HTTP";
  return "status of 400 or more";
}

std::string ErrorsText(const LoadReport& report) {
  std::string text;
  for (const LoadErrorRow& row : report.errors) {
    if (row.count == 0) continue;
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", FormatCount(row.count),
                        ErrorWords(row.kind));
  }
  return text;
}

std::string StatusText(const LoadReport& report) {
  std::string text;
  for (const auto& [status, count] : report.by_status) {
    text += fmt::format("{}{} × {}", text.empty() ? "" : ", ", status, FormatCount(count));
  }
  return text;
}

std::string LoadLine(const LoadReport& report) {
  std::string text = fmt::format("{} at a time", report.concurrency);
  if (report.rate) text = fmt::format("{:g} a second, at most {}", *report.rate, text);
  text += report.keep_alive ? ", keep-alive" : ", a new connection each";
  return text;
}

std::string EndText(const LoadReport& report) {
  if (report.ended_by == "interrupt") return "; interrupted, this is what was measured so far";
  if (report.ended_by == "no_answer") return "; given up";
  if (report.ended_by == "time") return "; the time was up";
  return "";
}

// ab's table of connection times.
void AppendTimes(const LoadReport& report, const TextOptions& options, std::string* out) {
  Table table({{"ms"},
               {"min", Align::kRight},
               {"mean", Align::kRight},
               {"sd", Align::kRight},
               {"median", Align::kRight},
               {"max", Align::kRight},
               {"count", Align::kRight}});
  const auto add = [&](const char* name, const LoadTimes& t) {
    const auto ms = [](double v) { return fmt::format("{:.{}f}", v, v < 100 ? 2 : 0); };
    table.AddRow({name, ms(t.least), ms(t.mean), ms(t.deviation), ms(t.median), ms(t.greatest),
                  FormatCount(t.count)});
  };
  add("connect", report.connect);
  if (report.rate) add("late by", report.turn);
  add("waiting", report.waiting);
  add("total", report.total);
  table.AppendTo(options, out);
}

void AppendPaths(const LoadReport& report, const TextOptions& options, std::string* out) {
  if (report.paths.size() < 2) return;
  Table table({{"path", Align::kLeft, Shrink::kFront},
               {"weight", Align::kRight},
               {"answered", Align::kRight},
               {"failed", Align::kRight}});
  for (const LoadPathRow& row : report.paths) {
    table.AddRow({SafeText(row.path), FormatCount(row.weight), FormatCount(row.answered),
                  FormatCount(row.failed)});
  }
  *out += "\n";
  table.AppendTo(options, out);
}

void AppendPercentiles(const LoadReport& report, const TextOptions& options, std::string* out) {
  if (report.total.count == 0) return;
  *out += "\n";
  *out += report.rate ? "answered within, from when each request was due:\n" : "answered within:\n";
  Table table({{"", Align::kRight}, {"", Align::kRight}, {""}});
  for (const auto& [percent, ms] : report.percentiles) {
    table.AddRow({fmt::format("{:g}%", percent), Milliseconds(ms),
                  percent == 100 ? "the longest wait" : ""});
  }
  table.AppendTo(options, out);
  if (report.at_least == 0) return;
  *out += Wrapped(fmt::format("{} of them had no answer yet and count with the wait they had",
                              FormatCount(report.at_least)),
                  0, options) +
          "\n";
}

}  // namespace

std::string LoadText(const LoadReport& report, const TextOptions& options) {
  std::string out;
  const std::string where =
      report.paths.size() == 1 ? report.origin + report.paths.front().path : report.origin;
  out += Painted(fmt::format("{} {}", SafeText(report.method), SafeText(where)), Paint::kBold,
                 options);
  out += fmt::format("\n{} in {:.2f} s{}\n\n", FormatCountOf(report.answered, "answer", "answers"),
                     report.seconds, EndText(report));
  std::vector<std::pair<std::string, std::string>> lines;
  lines.emplace_back("load", LoadLine(report));
  lines.emplace_back("requests", fmt::format("{} a second", PerSecond(report.per_second())));
  if (report.answered > 0 && !report.rate) {
    const double answered = static_cast<double>(report.answered);
    const double across = report.seconds * 1000 / answered;
    lines.emplace_back("each", fmt::format("{} (mean), {} across all at a time",
                                           Milliseconds(report.total.mean), Milliseconds(across)));
  }
  const double seconds = std::max(report.seconds, 1e-9);
  lines.emplace_back(
      "transfer",
      fmt::format(
          "{} a second; {} received ({} of it bodies), {} sent",
          FormatSize(static_cast<uint64_t>(static_cast<double>(report.received_bytes) / seconds)),
          FormatSize(report.received_bytes), FormatSize(report.body_bytes),
          FormatSize(report.sent_bytes)));
  lines.emplace_back("status", report.by_status.empty() ? "none" : StatusText(report));
  if (report.failed > 0) {
    std::string text = fmt::format("{}: {}", FormatCount(report.failed), ErrorsText(report));
    if (!report.failure.empty()) text += fmt::format(" (first: {})", SafeText(report.failure));
    lines.emplace_back("failed", std::move(text));
  } else {
    lines.emplace_back("failed", "0");
  }
  if (report.unfinished > 0) {
    lines.emplace_back("left",
                       fmt::format("{} without an answer at the end",
                                   FormatCountOf(report.unfinished, "request", "requests")));
  }
  for (const auto& [name, text] : lines) {
    const std::string line = Wrapped(fmt::format("{:<11}{}", name, text), 11, options);
    out += name == "failed" && report.failed > 0 ? Painted(line, Paint::kBad, options) : line;
    out += "\n";
  }
  AppendPaths(report, options, &out);
  if (report.answered > 0) {
    out += "\n";
    AppendTimes(report, options, &out);
  }
  AppendPercentiles(report, options, &out);
  return out;
}

std::string LoadProgressText(const LoadReport& so_far) {
  std::string text = fmt::format("{} of {}", FormatCount(so_far.answered),
                                 FormatCountOf(so_far.requests, "request", "requests"));
  text += fmt::format(", {} a second", PerSecond(so_far.per_second()));
  for (const auto& [percent, ms] : so_far.percentiles) {
    if (percent == 99 && so_far.total.count > 0) text += ", 99% in " + Milliseconds(ms);
  }
  if (so_far.failed > 0) text += fmt::format(", {} failed", FormatCount(so_far.failed));
  if (so_far.time_limit_seconds > so_far.seconds) {
    text += fmt::format(", at most {} left",
                        FormatDuration((so_far.time_limit_seconds - so_far.seconds) * 1000));
  }
  return text;
}

}  // namespace leaktrail
