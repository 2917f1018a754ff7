// A snapshot that was taken, and what it was said to cost. JSON schemas leaktrail.snapshot/1 and
// leaktrail.preflight/1.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "report/frame.h"

namespace leaktrail {

struct CostRow {
  double pause_ms = 0;
  double duration_ms = 0;
  uint64_t extra_memory_size = 0;
  uint64_t file_size = 0;  // as plain text
};

struct PreflightReport {
  std::string target;
  std::string method;  // "fork", "inspector"
  uint64_t heap_size = 0, resident_size = 0, external_size = 0;
  CostRow fork, inspector;
  std::optional<uint64_t> host_free_size, cgroup_limit, cgroup_free_size, disk_free_size;
  bool allowed = true;
  std::vector<std::string> refusals, warnings;
  ReportNotes notes;
};

struct CaptureReport {
  std::string file;
  std::string method, process, time;
  bool node_ids_comparable = false;
  bool redacted = false;
  uint64_t text_size = 0, file_size = 0;
  uint64_t node_count = 0, edge_count = 0;
  uint32_t attempts = 1;
  double pause_ms = 0, duration_ms = 0;
  uint64_t child_peak_size = 0;
  PreflightReport preflight;
  ReportNotes notes;
};

std::string PreflightText(const PreflightReport& report, const TextOptions& options);
void WritePreflightJson(const PreflightReport& report, JsonWriter* json);
std::string CaptureText(const CaptureReport& report, const TextOptions& options);
void WriteCaptureJson(const CaptureReport& report, JsonWriter* json);

}  // namespace leaktrail
