#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/watch_report.h"
#include "report/words.h"

namespace leaktrail {
namespace {

constexpr double kDay = 86'400, kHour = 3'600, kMinute = 60;
constexpr double kYear = 365 * kDay;

// Days since 1970 as year, month, day (H. Hinnant, "chrono-compatible low-level date algorithms").
struct Date {
  int64_t year;
  uint32_t month, day;
};
Date DateOf(int64_t days) {
  const int64_t shifted = days + 719'468;
  const int64_t era = (shifted >= 0 ? shifted : shifted - 146'096) / 146'097;
  const auto of_era = static_cast<uint32_t>(shifted - era * 146'097);
  const uint32_t year = (of_era - of_era / 1460 + of_era / 36'524 - of_era / 146'096) / 365;
  const uint32_t of_year = of_era - (365 * year + year / 4 - year / 100);
  const uint32_t moved = (5 * of_year + 2) / 153;
  const uint32_t day = of_year - (153 * moved + 2) / 5 + 1;
  const uint32_t month = moved < 10 ? moved + 3 : moved - 9;
  return {static_cast<int64_t>(year) + era * 400 + (month <= 2 ? 1 : 0), month, day};
}

std::string Rate(double bytes_per_second) {
  return FormatSizeDelta(std::llround(bytes_per_second)) + "/s";
}

Paint PaintOf(const std::string& verdict) {
  if (verdict == "leak") return Paint::kBad;
  return verdict == "no-leak" ? Paint::kGood : Paint::kDim;
}

std::string VerdictText(const WatchRow& row) {
  if (row.verdict != "leak" || row.grows.empty()) return row.verdict;
  return fmt::format("{} ({})", row.verdict, row.grows);
}

}  // namespace

std::string UtcText(double seconds_since_1970) {
  const auto seconds = static_cast<int64_t>(std::floor(seconds_since_1970));
  const int64_t days = seconds / 86'400, rest = seconds % 86'400;
  const Date date = DateOf(days);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", date.year, date.month, date.day,
                     rest / 3600, rest / 60 % 60, rest % 60);
}

std::string LongDurationText(double seconds) {
  const auto whole = [](double v) { return static_cast<uint64_t>(v); };
  if (seconds >= kYear) return "more than a year";
  if (seconds >= 2 * kDay) return fmt::format("{} d", whole(seconds / kDay));
  if (seconds >= kHour) {
    return fmt::format("{} h {:02} min", whole(seconds / kHour),
                       whole(std::fmod(seconds, kHour) / kMinute));
  }
  return seconds >= kMinute ? fmt::format("{} min", whole(seconds / kMinute))
                            : fmt::format("{} s", whole(seconds));
}

std::string SlopeText(const WatchRow& row) {
  if (row.slope_of.empty()) return "";
  return fmt::format("{} {} ({} to {})", row.slope_of, Rate(row.slope), Rate(row.slope_low),
                     Rate(row.slope_high));
}

std::string WatchHeadText(const WatchSubject& subject, const TextOptions& options) {
  std::string out = Painted(SafeText(subject.name), Paint::kBold, options);
  if (subject.pid != 0) out += fmt::format("  pid {}", subject.pid);
  out += fmt::format("  Node {}  inspector {}\n", SafeText(subject.node_version),
                     SafeText(subject.inspector));
  return out;
}

std::string WatchLineText(const WatchRow& row, const TextOptions& options) {
  std::string out = fmt::format("{}  rss {:>7}  heap {:>7} of {:>7}", UtcText(row.at),
                                FormatSize(row.resident_size), FormatSize(row.heap_used_size),
                                FormatSize(row.heap_total_size));
  out += fmt::format("  live {:>7}", row.live_heap_size > 0 ? FormatSize(row.live_heap_size) : "?");
  out += fmt::format("  external {:>7}  buffers {:>7}", FormatSize(row.external_size),
                     FormatSize(row.array_buffer_size));
  if (row.handle_count) out += fmt::format("  handles {}", FormatCount(*row.handle_count));
  if (row.timer_count) out += fmt::format("  timers {}", FormatCount(*row.timer_count));
  out += fmt::format("  delay {:.1f}/{:.0f} ms", row.delay_mean_ms, row.delay_max_ms);
  out += "  ";
  out += Painted(VerdictText(row), PaintOf(row.verdict), options);
  if (!row.slope_of.empty()) out += fmt::format("  {}", SlopeText(row));
  if (row.seconds_to_limit) {
    out += fmt::format("  {} limit in {}", row.limit_of, LongDurationText(*row.seconds_to_limit));
  }
  return out + "\n";
}

std::string WatchEventText(const WatchEvent& event, const TextOptions& options) {
  return fmt::format("{}  {}\n", UtcText(event.at),
                     Painted(SafeText(event.message), Paint::kWarn, options));
}

std::string WatchEndText(const WatchRow& last, const TextOptions& options) {
  std::string out = Painted(VerdictText(last), PaintOf(last.verdict), options);
  if (!last.slope_of.empty()) out += fmt::format(": {}", SlopeText(last));
  if (!last.reason.empty()) out += fmt::format("; {}", SafeText(last.reason));
  if (last.seconds_to_limit) {
    out += fmt::format("; the {} limit is reached in {}", last.limit_of,
                       LongDurationText(*last.seconds_to_limit));
  }
  return out + "\n";
}

std::string WatchLogLine(const WatchRow& before, const WatchRow& now) {
  const int64_t difference = static_cast<int64_t>(now.resident_size - before.resident_size);
  std::string out = fmt::format("{} memory before {} now {} diff {}", UtcText(now.at),
                                FormatSize(before.resident_size), FormatSize(now.resident_size),
                                FormatSizeDelta(difference));
  out += fmt::format(" heap {} external {} {}", FormatSize(now.heap_used_size),
                     FormatSize(now.external_size), now.verdict);
  if (!now.slope_of.empty()) out += fmt::format(" {} {}", now.slope_of, Rate(now.slope));
  return out + "\n";
}

}  // namespace leaktrail
