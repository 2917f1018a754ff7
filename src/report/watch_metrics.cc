#include <fmt/format.h>

#include <string_view>

#include "report/watch_report.h"

namespace leaktrail {
namespace {

// A label's value: backslash, quote and line feed are escaped.
std::string LabelText(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\' || c == '"') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
  return out;
}

class Metrics {
 public:
  explicit Metrics(std::string labels) : labels_(std::move(labels)) {}

  void Add(std::string_view name, std::string_view type, std::string_view help, double value,
           std::string_view more_labels = {}) {
    if (name != last_) out_ += fmt::format("# HELP {0} {1}\n# TYPE {0} {2}\n", name, help, type);
    last_ = name;
    out_ += fmt::format("{}{{{}{}}} {}\n", name, labels_, more_labels, value);
  }
  std::string text() const { return out_; }

 private:
  std::string labels_;
  std::string last_;
  std::string out_;
};

double Size(uint64_t bytes) { return static_cast<double>(bytes); }

}  // namespace

std::string WatchMetricsText(const WatchSubject& subject, const WatchRow& row) {
  Metrics m(fmt::format("service=\"{}\",pid=\"{}\"", LabelText(subject.name), subject.pid));
  constexpr const char* kGauge = "gauge";
  constexpr const char* kCounter = "counter";
  m.Add("process_resident_memory_bytes", kGauge, "Resident memory size in bytes.",
        Size(row.resident_size));
  m.Add("process_cpu_seconds_total", kCounter, "Total user and system CPU time spent in seconds.",
        row.cpu_seconds);
  m.Add("process_start_time_seconds", kGauge, "Start time of the process since unix epoch.",
        row.at - row.uptime_seconds);
  m.Add("nodejs_heap_size_total_bytes", kGauge, "Process heap size from Node.js in bytes.",
        Size(row.heap_total_size));
  m.Add("nodejs_heap_size_used_bytes", kGauge, "Process heap size used from Node.js in bytes.",
        Size(row.heap_used_size));
  m.Add("nodejs_external_memory_bytes", kGauge, "Node.js external memory size in bytes.",
        Size(row.external_size));
  m.Add("nodejs_eventloop_lag_seconds", kGauge, "Lag of event loop in seconds.",
        row.delay_mean_ms / 1000);
  m.Add("nodejs_eventloop_lag_mean_seconds", kGauge, "The mean of the recorded event loop delays.",
        row.delay_mean_ms / 1000);
  m.Add("nodejs_eventloop_lag_max_seconds", kGauge, "The maximum recorded event loop delay.",
        row.delay_max_ms / 1000);
  if (row.handle_count) {
    m.Add("nodejs_active_handles_total", kGauge, "Total number of active handles.",
          Size(*row.handle_count));
  }
  m.Add("nodejs_version_info", kGauge, "Node.js version info.", 1,
        fmt::format(",version=\"v{}\"", LabelText(subject.node_version)));
  m.Add("leaktrail_heap_limit_bytes", kGauge, "What V8 may use for its heap.",
        Size(row.heap_limit_size));
  m.Add("leaktrail_array_buffers_bytes", kGauge, "Backing stores of array buffers.",
        Size(row.array_buffer_size));
  if (row.live_heap_size > 0) {
    m.Add("leaktrail_live_heap_bytes", kGauge, "Heap after the latest major collection.",
          Size(row.live_heap_size));
  }
  if (row.timer_count) {
    m.Add("leaktrail_active_timers", kGauge, "Active timers and immediates.",
          Size(*row.timer_count));
  }
  m.Add("leaktrail_major_collections_total", kCounter, "Major collections since watching began.",
        Size(row.major_count));
  if (!row.slope_of.empty()) {
    m.Add("leaktrail_slope_bytes_per_second", kGauge, "Growth, and the ends of its interval.",
          row.slope, fmt::format(",of=\"{}\",bound=\"estimate\"", row.slope_of));
    m.Add("leaktrail_slope_bytes_per_second", kGauge, "", row.slope_low,
          fmt::format(",of=\"{}\",bound=\"low\"", row.slope_of));
    m.Add("leaktrail_slope_bytes_per_second", kGauge, "", row.slope_high,
          fmt::format(",of=\"{}\",bound=\"high\"", row.slope_of));
  }
  if (row.seconds_to_limit) {
    m.Add("leaktrail_seconds_to_limit", kGauge, "Until a memory limit is reached.",
          *row.seconds_to_limit, fmt::format(",limit=\"{}\"", row.limit_of));
  }
  for (const char* verdict : {"leak", "no-leak", "inconclusive"}) {
    m.Add("leaktrail_verdict", kGauge, "1 for the verdict so far.", row.verdict == verdict ? 1 : 0,
          fmt::format(",verdict=\"{}\"", verdict));
  }
  return m.text();
}

}  // namespace leaktrail
