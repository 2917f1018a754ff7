// What `load` measured: ab's figures. JSON schema leaktrail.load/1.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "report/json_writer.h"
#include "report/style.h"

namespace leaktrail {

struct LoadPathRow {
  std::string path;
  uint32_t weight = 1;
  uint64_t answered = 0, failed = 0;
};

struct LoadErrorRow {
  std::string kind;  // "connect", "tls", "closed", "timeout", "malformed", "status"
  uint64_t count = 0;
};

// Milliseconds.
struct LoadTimes {
  uint64_t count = 0;
  double least = 0, mean = 0, deviation = 0, median = 0, greatest = 0;
};

struct LoadReport {
  std::string origin;  // "http://127.0.0.1:3000"
  std::string method;
  std::vector<LoadPathRow> paths;
  uint64_t requests = 0;  // asked for
  uint32_t concurrency = 0;
  bool keep_alive = false;
  std::optional<double> rate;  // requests a second
  double time_limit_seconds = 0;
  std::string ended_by;  // "count", "time", "interrupt", "no_answer"
  double seconds = 0;
  uint64_t answered = 0, failed = 0;  // 4xx and 5xx are both
  uint64_t unfinished = 0;            // begun or due, and no answer yet
  uint64_t connections = 0, reused = 0;
  std::map<int, uint64_t> by_status;
  std::vector<LoadErrorRow> errors;  // all kinds, in a fixed order
  std::string failure;               // the first one in words; "" if there was none
  uint64_t received_bytes = 0, sent_bytes = 0, body_bytes = 0;
  LoadTimes connect, waiting, turn, total;
  uint64_t at_least = 0;  // of the latencies: waits that had no end yet
  std::vector<std::pair<double, double>> percentiles;  // in percent; milliseconds

  double per_second() const { return seconds > 0 ? static_cast<double>(answered) / seconds : 0; }
};

std::string LoadText(const LoadReport& report, const TextOptions& options);
void WriteLoadJson(const LoadReport& report, JsonWriter* json);
// For a terminal while it goes on: "12,345 of 50,000 requests, 8,123 a second, 3 failed".
std::string LoadProgressText(const LoadReport& so_far);

}  // namespace leaktrail
