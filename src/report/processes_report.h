// The Node processes of a machine. JSON schema leaktrail.ps/1.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "report/frame.h"

namespace leaktrail {

struct ProcessRow {
  int pid = 0;
  uint32_t uid = 0;
  std::string name;
  std::string pm2_name;  // "" if pm2 did not start it
  int pm2_id = 0;
  std::string script;
  std::string package;
  std::string node_version;
  uint64_t resident_size = 0;
  std::optional<uint64_t> heap_resident_size;
  std::optional<uint64_t> old_space_limit;
  std::optional<uint64_t> cgroup_limit;
  std::optional<uint64_t> pm2_restart_limit;
  double started_at = 0;  // seconds since 1970
  double age_seconds = 0;
  uint32_t thread_count = 0;
  std::optional<uint32_t> worker_count;
  std::string inspector;  // "127.0.0.1:9229"
  bool contained = false;
  std::string container_runtime;
  std::string container_id;
  int pid_inside = 0;
  bool accessible = true;
  // Since the process was first seen; only while watching.
  std::optional<int64_t> grown_size;
  double watched_seconds = 0;
};

struct ProcessesReport {
  std::vector<ProcessRow> rows;
  bool watching = false;
  ReportNotes notes;
};

std::string ProcessesText(const ProcessesReport& report, const TextOptions& options);
void WriteProcessesJson(const ProcessesReport& report, JsonWriter* json);

}  // namespace leaktrail
