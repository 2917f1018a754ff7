// What a snapshot will cost, told before it is taken.
//
//   counts that cost nothing ──▶ nodes, edges, texts ──▶ pause, memory, file, time ──▶ allowed?
//   (heap statistics,                                                                  ▲
//    a sample of the pages)                     free memory, cgroup limits, disk ──────┘
//
// The target is asked for v8.getHeapStatistics() and v8.getHeapSpaceStatistics() only: counters
// that V8 keeps anyway. They tell bytes; how many objects these are is counted in a sample of the
// heap's pages (heap_sample.h), or guessed where they may not be read. How well the figures meet
// what happens is measured in docs/performance.md.
//
// How fast the machine forks and works is measured (fork_speed.h, work_speed.h).
//
// Cost: below a millisecond of the target's event loop; some 0.5 s of ours.
// Threads: functions may be called from any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "capture/attach.h"
#include "capture/fork_speed.h"
#include "capture/heap_sample.h"
#include "capture/memory_room.h"

namespace leaktrail {

enum class SnapshotMethod : uint8_t {
  kFork,       // a forked child writes; the service goes on
  kInspector,  // the service writes itself and stands still meanwhile
};
const char* SnapshotMethodName(SnapshotMethod method);  // "fork", "inspector"

// What the target's counters say.
struct HeapCounts {
  uint64_t used_bytes = 0;          // heapUsed: all spaces, garbage included
  uint64_t committed_bytes = 0;     // memory that the heap has
  uint64_t large_object_bytes = 0;  // used by objects of their own pages: few and big
  uint64_t young_bytes = 0;         // used by small objects of the young generation
  uint64_t external_bytes = 0;      // buffers outside the heap; a fork shares them
  uint64_t resident_bytes = 0;      // of the whole process
  uint64_t anonymous_bytes = 0;     // of these, what a fork copies the tables of; 0: unknown
  uint32_t maps = 0;                // and these; 0: unknown
  ForkSpeed fork_speed;             // of this machine
  double work_time = 1;             // times as long as elsewhere: work_speed.h
  uint64_t heap_limit_bytes = 0;    // V8's own
  uint32_t node_major = 0;          // 0: unknown
  std::optional<HeapSample> sample;
};
Result<HeapCounts> ReadHeapCounts(Attachment& target, const InspectorSession& session);

struct SnapshotCost {
  double pause_ms = 0;              // the longest stall of the target's event loop
  double duration_ms = 0;           // until the file is there
  uint64_t extra_memory_bytes = 0;  // at its peak, beyond what is in use now
  uint64_t file_bytes = 0;          // as plain text; the file itself is smaller if compressed
};
// Of the snapshot to come.
struct HeapShape {
  double nodes = 0, edges = 0;
  double strings = 0, text_bytes = 0;
  // V8 keeps a kilobyte for the name of every index of its arrays, once for all of them.
  double index_names = 0;
  double weak_entries = 0;  // of WeakMaps, for each of which there are several long names
  bool is_guessed = false;  // from bytes alone: off by a factor of two and more
};
HeapShape ShapeOf(const HeapCounts& counts);

SnapshotCost PredictCost(const HeapCounts& counts, SnapshotMethod method);

struct Preflight {
  SnapshotMethod method = SnapshotMethod::kFork;
  HeapCounts counts;
  SnapshotCost cost;        // of `method`
  SnapshotCost other_cost;  // of the other one, to compare
  MemoryRoom room;
  bool compressed = false;  // the file
  // Each a sentence with its figures. If there is a refusal, the snapshot would end the service, or
  // cannot succeed.
  std::vector<std::string> refusals;
  std::vector<std::string> warnings;
  bool allowed() const { return refusals.empty(); }
};
// Fills refusals and warnings.
void Judge(Preflight* preflight);

Result<Preflight> RunPreflight(Attachment& target, const InspectorSession& session,
                               SnapshotMethod method, const std::string& output_path);

}  // namespace leaktrail
