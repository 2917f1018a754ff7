#include <fmt/format.h>

#include <cmath>

#include "report/processes_report.h"
#include "report/table.h"
#include "report/words.h"

namespace leaktrail {
namespace {

constexpr size_t kNameColumns = 32;
constexpr double kDay = 86'400, kHour = 3'600, kMinute = 60;

std::string Age(double seconds) {
  const auto whole = [](double v) { return static_cast<uint64_t>(v); };
  if (seconds >= kDay) {
    return fmt::format("{} d {:02} h", whole(seconds / kDay),
                       whole(std::fmod(seconds, kDay) / kHour));
  }
  if (seconds >= kHour) {
    return fmt::format("{} h {:02} min", whole(seconds / kHour),
                       whole(std::fmod(seconds, kHour) / kMinute));
  }
  return seconds >= kMinute ? fmt::format("{} min", whole(seconds / kMinute))
                            : fmt::format("{} s", whole(seconds));
}

struct Bound {
  uint64_t used = 0, limit = 0;
  const char* of = "";
  double share() const { return static_cast<double>(used) / static_cast<double>(limit); }
};

// The limit that the process is nearest to.
std::string LimitText(const ProcessRow& row) {
  std::optional<Bound> nearest;
  const auto consider = [&](std::optional<uint64_t> used, std::optional<uint64_t> limit,
                            const char* of) {
    if (!used || !limit || *limit == 0) return;
    const Bound bound{*used, *limit, of};
    if (!nearest || bound.share() > nearest->share()) nearest = bound;
  };
  consider(row.resident_size, row.cgroup_limit, "cgroup");
  consider(row.resident_size, row.pm2_restart_limit, "pm2");
  consider(row.heap_resident_size.value_or(0), row.old_space_limit, "heap");
  if (!nearest) return "";
  return fmt::format("{} of {} {}", FormatShare(nearest->used, nearest->limit),
                     FormatSize(nearest->limit), nearest->of);
}

std::string NameText(const ProcessRow& row) {
  if (row.pm2_name.empty()) return SafeText(row.name);
  return fmt::format("{}:{}", SafeText(row.pm2_name), row.pm2_id);
}

std::string ContainerText(const ProcessRow& row) {
  if (!row.contained) return "";
  if (row.container_runtime.empty()) return fmt::format("pid {}", row.pid_inside);
  return SafeText(row.container_id.empty() ? row.container_runtime
                                           : row.container_runtime + " " + row.container_id);
}

std::string GrowthText(const ProcessRow& row) {
  if (!row.grown_size || row.watched_seconds < 1) return "";
  const double per_minute = static_cast<double>(*row.grown_size) * kMinute / row.watched_seconds;
  return fmt::format("{}/min", FormatSizeDelta(std::llround(per_minute)));
}

}  // namespace

std::string ProcessesText(const ProcessesReport& report, const TextOptions& options) {
  std::string out;
  if (report.rows.empty()) {
    out = "No Node process runs here that this user may see.\n";
    AppendDiagnostics(report.notes.diagnostics, options, &out);
    return out;
  }
  const auto any = [&](const auto& has) {
    for (const ProcessRow& row : report.rows) {
      if (has(row)) return true;
    }
    return false;
  };
  const bool limits = any([](const ProcessRow& r) { return !LimitText(r).empty(); });
  const bool workers = any([](const ProcessRow& r) { return r.worker_count.value_or(0) > 0; });
  const bool inspectors = any([](const ProcessRow& r) { return !r.inspector.empty(); });
  const bool containers = any([](const ProcessRow& r) { return r.contained; });

  std::vector<TableColumn> columns{
      {"pid", Align::kRight},
      {"name", Align::kLeft, Shrink::kEnd, Paint::kName, options.verbose ? 0 : kNameColumns},
      {"node", Align::kLeft},
      {"resident", Align::kRight, Shrink::kNever, Paint::kBold},
      {"heap", Align::kRight}};
  if (report.watching) columns.push_back({"growth", Align::kRight});
  if (limits) columns.push_back({"limit", Align::kRight});
  columns.push_back({"age", Align::kRight});
  if (workers) columns.push_back({"workers", Align::kRight});
  if (inspectors) columns.push_back({"inspector", Align::kLeft});
  if (containers) columns.push_back({"container", Align::kLeft, Shrink::kEnd});
  columns.push_back({"script", Align::kLeft, Shrink::kFront, Paint::kPlace});

  Table table(std::move(columns));
  for (const ProcessRow& row : report.rows) {
    std::vector<std::string> cells{
        fmt::format("{}", row.pid), NameText(row), SafeText(row.node_version),
        FormatSize(row.resident_size),
        row.heap_resident_size ? FormatSize(*row.heap_resident_size) : ""};
    if (report.watching) cells.push_back(GrowthText(row));
    if (limits) cells.push_back(LimitText(row));
    cells.push_back(Age(row.age_seconds));
    if (workers) cells.push_back(row.worker_count ? FormatCount(*row.worker_count) : "");
    if (inspectors) cells.push_back(SafeText(row.inspector));
    if (containers) cells.push_back(ContainerText(row));
    cells.push_back(SafeText(row.script));
    table.AddRow(std::move(cells), row.accessible ? Paint::kPlain : Paint::kDim);
  }
  table.AppendTo(options, &out);
  AppendDiagnostics(report.notes.diagnostics, options, &out);
  return out;
}

}  // namespace leaktrail
