// What is said of a process that is watched: one row a sample, in several forms. JSON schema
// leaktrail.watch/1, whose samples stand one a line and can be read while they come.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "report/json_writer.h"
#include "report/style.h"

namespace leaktrail {

struct WatchSubject {
  int pid = 0;  // 0 if it is not on this machine
  std::string name;
  std::string node_version;
  std::string inspector;
};

struct WatchRow {
  double at = 0;  // seconds since 1970
  uint64_t resident_size = 0;
  uint64_t heap_used_size = 0;
  uint64_t heap_total_size = 0;
  uint64_t heap_limit_size = 0;
  uint64_t live_heap_size = 0;  // after the latest major collection; 0 before the first
  uint64_t external_size = 0;
  uint64_t array_buffer_size = 0;
  std::optional<uint64_t> anonymous_size, file_size, swap_size;  // of the resident memory
  std::optional<uint64_t> handle_count, timer_count;
  double delay_mean_ms = 0, delay_max_ms = 0;
  uint64_t major_count = 0;  // since watching began
  uint64_t minor_count = 0;
  double major_pause_ms = 0;  // all of them together
  double uptime_seconds = 0;
  double cpu_seconds = 0;
  double cost_ms = 0;  // of the sample, in the target
  // The verdict so far.
  std::string verdict;  // "leak", "no-leak", "inconclusive"
  std::string grows;    // "heap", "external", "native"; "" if nothing does
  std::string reason;
  std::string slope_of;  // "heap", "external", "native", "resident"; "" while unknown
  double slope = 0, slope_low = 0, slope_high = 0;  // bytes per second
  std::optional<double> seconds_to_limit;
  std::string limit_of;  // "heap", "cgroup", "pm2"
};

struct WatchEvent {
  double at = 0;
  std::string name;  // "restart", "snapshot", "history"
  std::string message;
};

// "2026-11-25T19:50:03Z".
std::string UtcText(double seconds_since_1970);
// "2 h 10 min", "45 s", "12 d".
std::string LongDurationText(double seconds);
// "heap +1.2 kB/s (+1.1 kB/s to +1.3 kB/s)"; "" while it is not known.
std::string SlopeText(const WatchRow& row);

std::string WatchHeadText(const WatchSubject& subject, const TextOptions& options);
// One line, with its end.
std::string WatchLineText(const WatchRow& row, const TextOptions& options);
std::string WatchEventText(const WatchEvent& event, const TextOptions& options);
std::string WatchEndText(const WatchRow& last, const TextOptions& options);
// The manner of a log that people grep: "… memory before 95.1 MB now 96.2 MB diff +1.1 MB …".
std::string WatchLogLine(const WatchRow& before, const WatchRow& now);
// A panel of curves that fills the width; `rows` oldest first.
std::string WatchGraphText(const WatchSubject& subject, const std::vector<WatchRow>& rows,
                           const std::vector<WatchEvent>& events, const TextOptions& options);

// The document in pieces: head, then rows and events, then end.
void BeginWatchJson(const WatchSubject& subject, JsonWriter* json);
void WriteWatchRowJson(const WatchRow& row, JsonWriter* json);
void WriteWatchEventJson(const WatchEvent& event, JsonWriter* json);
void EndWatchJson(const WatchRow& last, JsonWriter* json);

// Prometheus's text format 0.0.4. Names are prom-client's where it has one.
std::string WatchMetricsText(const WatchSubject& subject, const WatchRow& row);

}  // namespace leaktrail
