#include "capture/preflight.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "capture/memory_room.h"

namespace leaktrail {
namespace {

using Json = nlohmann::json;

constexpr double kMega = 1e6;

// The middle of ten shapes of heaps (docs/performance.md). Single shapes differ from it by a factor
// of two and more, since V8's counters do not tell how many objects there are.
constexpr double kBytesPerNode = 46, kEdgesPerNode = 3.1;
constexpr double kMemoryPerEntry = 110, kTextPerEntry = 18;  // bytes, of a node or an edge
constexpr double kMsPerNode = 0.003;
constexpr double kForkMs = 12, kForkMsPerMegabyte = 0.06;

// Shares of what is there that stay free for everybody else.
constexpr double kKeepOfHost = 0.05;
constexpr double kKeepOfDisk = 0.02;

constexpr const char* kCounts = R"js((() => {
  const v8 = require('v8'), h = v8.getHeapStatistics();
  const spaces = {};
  for (const s of v8.getHeapSpaceStatistics()) spaces[s.space_name] = s.space_used_size;
  const m = process.memoryUsage();
  return { used: h.used_heap_size, committed: h.total_heap_size, limit: h.heap_size_limit,
           external: m.external + (m.arrayBuffers || 0) * 0, resident: m.rss, spaces };
})())js";

uint64_t Number(const Json& object, const char* key) {
  const auto it = object.find(key);
  if (it == object.end() || !it->is_number()) return 0;
  const double value = it->get<double>();
  return value > 0 ? static_cast<uint64_t>(value) : 0;
}

std::string Megabytes(double bytes) {
  return bytes >= 1e9 ? fmt::format("{:.1f} GB", bytes / 1e9)
                      : fmt::format("{:.0f} MB", bytes / kMega);
}
std::string Megabytes(uint64_t bytes) { return Megabytes(static_cast<double>(bytes)); }

std::string Seconds(double ms) {
  return ms < 1000 ? fmt::format("{:.0f} ms", ms) : fmt::format("{:.1f} s", ms / 1000);
}

}  // namespace

const char* SnapshotMethodName(SnapshotMethod method) {
  return method == SnapshotMethod::kFork ? "fork" : "inspector";
}

Result<HeapCounts> ReadHeapCounts(Attachment& target, const InspectorSession& session) {
  CallOptions call;
  call.session = session;
  Result<Json> answer = target.inspector().Evaluate(kCounts, call);
  if (!answer) return tl::unexpected(answer.error());
  if (!answer->is_object()) {
    return Fail(ErrorKind::kEnvironment, "the service did not tell how large its heap is");
  }
  HeapCounts counts;
  counts.used_bytes = Number(*answer, "used");
  counts.committed_bytes = Number(*answer, "committed");
  counts.heap_limit_bytes = Number(*answer, "limit");
  counts.external_bytes = Number(*answer, "external");
  counts.resident_bytes = Number(*answer, "resident");
  if (const auto spaces = answer->find("spaces"); spaces != answer->end() && spaces->is_object()) {
    for (const auto& [name, used] : spaces->items()) {
      const auto bytes = static_cast<uint64_t>(used.is_number() ? used.get<double>() : 0);
      if (name.find("large_object_space") != std::string::npos) counts.large_object_bytes += bytes;
      if (name.find("code") == 0) counts.code_bytes += bytes;
    }
  }
  return counts;
}

SnapshotCost PredictCost(const HeapCounts& counts, SnapshotMethod method) {
  const double small = static_cast<double>(counts.used_bytes -
                                           std::min(counts.used_bytes, counts.large_object_bytes));
  const double nodes = small / kBytesPerNode, entries = nodes * (1 + kEdgesPerNode);
  const double build_ms = nodes * kMsPerNode;
  SnapshotCost cost;
  cost.extra_memory_bytes = static_cast<uint64_t>(entries * kMemoryPerEntry);
  cost.file_bytes = static_cast<uint64_t>(entries * kTextPerEntry);
  cost.duration_ms = build_ms;
  cost.pause_ms =
      method == SnapshotMethod::kFork
          ? kForkMs + static_cast<double>(counts.resident_bytes) / kMega * kForkMsPerMegabyte
          : build_ms;
  return cost;
}

void Judge(Preflight* preflight) {
  Preflight& p = *preflight;
  p.refusals.clear();
  p.warnings.clear();
  const auto extra = static_cast<double>(p.cost.extra_memory_bytes);
  const bool fork = p.method == SnapshotMethod::kFork;
  const char* who = fork ? "the forked child" : "the service";
  if (p.room.host_bytes && extra > static_cast<double>(*p.room.host_bytes) * (1 - kKeepOfHost)) {
    p.refusals.push_back(fmt::format(
        "the snapshot needs about {} of memory and this machine has {} left; free some, or take it "
        "on a smaller heap",
        Megabytes(extra), Megabytes(*p.room.host_bytes)));
  }
  if (p.room.cgroup_bytes && extra > static_cast<double>(*p.room.cgroup_bytes)) {
    p.refusals.push_back(fmt::format(
        "{} needs about {} more memory and the limit of its container ({}) leaves {}; raise the "
        "limit to {} or more{}",
        who, Megabytes(extra), Megabytes(p.room.cgroup_limit_bytes.value_or(0)),
        Megabytes(*p.room.cgroup_bytes),
        Megabytes(static_cast<double>(p.room.cgroup_limit_bytes.value_or(0)) -
                  static_cast<double>(*p.room.cgroup_bytes) + extra * 1.1),
        fork ? "" : "; as it is the service would be killed"));
  }
  if (p.room.disk_bytes && static_cast<double>(p.cost.file_bytes) >
                               static_cast<double>(*p.room.disk_bytes) * (1 - kKeepOfDisk)) {
    const std::string text = fmt::format(
        "the file will be about {} as plain text and its disk has {} left; a name that ends in "
        ".zst makes it about 8 times smaller",
        Megabytes(p.cost.file_bytes), Megabytes(*p.room.disk_bytes));
    (p.compressed ? p.warnings : p.refusals).push_back(text);
  }
  if (!fork && p.cost.pause_ms > 1000) {
    p.warnings.push_back(
        fmt::format("the service will stand still for about {}; without --pause "
                    "for about {}",
                    Seconds(p.cost.pause_ms), Seconds(p.other_cost.pause_ms)));
  }
}

Result<Preflight> RunPreflight(Attachment& target, const InspectorSession& session,
                               SnapshotMethod method, const std::string& output_path) {
  Result<HeapCounts> counts = ReadHeapCounts(target, session);
  if (!counts) return tl::unexpected(counts.error());
  Preflight p;
  p.method = method;
  p.counts = *counts;
  p.cost = PredictCost(p.counts, method);
  p.other_cost = PredictCost(p.counts, method == SnapshotMethod::kFork ? SnapshotMethod::kInspector
                                                                       : SnapshotMethod::kFork);
  p.room = ReadMemoryRoom(target.process().pid, output_path);
  p.compressed = output_path.ends_with(".gz") || output_path.ends_with(".zst");
  Judge(&p);
  return p;
}

}  // namespace leaktrail
