// What was seen of services earlier: an SQLite file that outlives the process and the tool.
//
//   service ("pm2:api:0", "script:/srv/app.js") ─┬─ run (one process, from its start to its end) ──
//   points
//                                                └─ run …
//
// A second watch of one process goes on with the points of the first; another process of the same
// service is a restart. Points are kept for 30 days, and of one service at most 200,000.
//
// Cost: one insert of some 100 bytes a point. Threads: one at a time; several programs may share
// the file.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace leaktrail {

// Names one process for ever: pids are used again, and clocks begin again when a machine does.
struct HistoryProcess {
  std::string service;
  int pid = 0;
  uint64_t start_ticks = 0;
  std::string boot_id;
};

struct HistoryMajor {
  double at = 0;
  double pause_ms = 0;
  uint64_t live_heap_bytes = 0;
  uint64_t external_bytes = 0;
};

struct HistoryPoint {
  double at = 0;
  uint64_t resident_bytes = 0;
  uint64_t heap_used_bytes = 0;
  uint64_t heap_total_bytes = 0;
  uint64_t heap_limit_bytes = 0;
  uint64_t external_bytes = 0;
  std::vector<HistoryMajor> majors;
};

// The process of the service that ran before this one.
struct HistoryBefore {
  int pid = 0;
  double last_at = 0;
  uint64_t last_resident_bytes = 0;
};

struct HistoryRun {
  int64_t id = 0;
  std::vector<HistoryPoint> points;     // of this process, oldest first; at most the latest 5,000
  std::optional<HistoryBefore> before;  // only for a process that was not seen yet
};

class History {
 public:
  // Creates what is missing: folders with mode 0700, the file with 0600.
  static Result<std::unique_ptr<History>> Open(const std::string& path);
  // Below XDG_STATE_HOME or ~/.local/state; "" if neither is known.
  static std::string UsualPath();
  virtual ~History() = default;

  virtual Result<HistoryRun> Begin(const HistoryProcess& process) = 0;
  virtual Result<void> Append(int64_t run, const HistoryPoint& point) = 0;
};

}  // namespace leaktrail
