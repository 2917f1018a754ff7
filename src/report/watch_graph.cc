#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "report/watch_report.h"
#include "report/words.h"

namespace leaktrail {
namespace {

constexpr size_t kLabelColumns = 22;
constexpr size_t kUsualWidth = 80;
constexpr size_t kCurveRows = 4;
constexpr size_t kShownEvents = 4;
constexpr std::array<const char*, 9> kBlocks{" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};

// The newest values that fit, each a column of blocks between the least and the largest.
std::string Curve(const std::string& label, const std::vector<double>& values, size_t width,
                  Paint paint, const TextOptions& options) {
  const size_t shown = std::min(values.size(), width);
  const auto begin = values.end() - static_cast<ptrdiff_t>(shown);
  const auto [least, largest] = std::minmax_element(begin, values.end());
  // A curve that hardly moves should not look like a mountain: at least 2 % of the value is full
  // height.
  const double low = *least;
  const double range = std::max({*largest - low, *largest * 0.02, 1.0});
  std::string out;
  for (size_t row = kCurveRows; row-- > 0;) {
    std::string left;
    if (row == kCurveRows - 1) left = label;
    if (row == kCurveRows - 2) left = FormatSize(static_cast<uint64_t>(*(values.end() - 1)));
    if (row == 0) left = fmt::format("from {}", FormatSize(static_cast<uint64_t>(low)));
    out += left + std::string(kLabelColumns - std::min(kLabelColumns, DisplayWidth(left)), ' ');
    std::string line;
    for (auto it = begin; it != values.end(); ++it) {
      const double eighths = (*it - low) / range * static_cast<double>(kCurveRows * 8 - 1) + 1;
      const double here = eighths - static_cast<double>(row * 8);
      line += kBlocks[static_cast<size_t>(std::clamp(here, 0.0, 8.0))];
    }
    out += Painted(line, paint, options) + "\n";
  }
  return out;
}

}  // namespace

std::string WatchGraphText(const WatchSubject& subject, const std::vector<WatchRow>& rows,
                           const std::vector<WatchEvent>& events, const TextOptions& options) {
  std::string out = WatchHeadText(subject, options) + "\n";
  if (rows.empty()) return out;
  const size_t all = options.width > 0 ? options.width : kUsualWidth;
  const size_t width = all > kLabelColumns + 8 ? all - kLabelColumns : 8;
  const auto values = [&](uint64_t WatchRow::*member) {
    std::vector<double> v;
    for (const WatchRow& row : rows) v.push_back(static_cast<double>(row.*member));
    return v;
  };
  out += Curve("resident", values(&WatchRow::resident_size), width, Paint::kName, options) + "\n";
  out += Curve("heap used", values(&WatchRow::heap_used_size), width, Paint::kGood, options) + "\n";
  if (rows.back().live_heap_size > 0) {
    std::vector<double> live;
    for (const WatchRow& row : rows) {
      if (row.live_heap_size > 0) live.push_back(static_cast<double>(row.live_heap_size));
    }
    out += Curve("live heap", live, width, Paint::kWarn, options) + "\n";
  }
  const WatchRow& last = rows.back();
  out += fmt::format("external {}, array buffers {}", FormatSize(last.external_size),
                     FormatSize(last.array_buffer_size));
  if (last.handle_count) out += fmt::format(", handles {}", FormatCount(*last.handle_count));
  if (last.timer_count) out += fmt::format(", timers {}", FormatCount(*last.timer_count));
  out += fmt::format("\nevent loop delay {:.1f} ms, at most {:.0f} ms; {} so far\n",
                     last.delay_mean_ms, last.delay_max_ms,
                     FormatCountOf(last.major_count, "major collection", "major collections"));
  out += WatchEndText(last, options);
  const size_t first = events.size() - std::min(events.size(), kShownEvents);
  for (size_t i = first; i < events.size(); ++i) out += WatchEventText(events[i], options);
  return out;
}

}  // namespace leaktrail
