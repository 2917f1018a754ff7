// What a live process says of its memory, second after second.
//
//   in the target:  process.memoryUsage, v8.getHeapStatistics, active handles and timers, the event
//   loop's
//                   delay (a histogram), and each major collection that happened anyway, with the
//                   heap that was alive right after it
//   from /proc:     the resident memory, split by kind, and the processor time
//
// No collection is forced: that would stop the service, and change what is measured. The observers
// that this needs in the target are registered with the guest (attach.h) and go when it goes.
//
// Cost in the target: each sample says what it took (cost_ms), usually some 0.1 ms. Counting
// handles takes longer the more there are; where it takes over half a millisecond, only each tenth
// sample counts. Threads: one at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/result.h"
#include "capture/attach.h"
#include "capture/resident_split.h"

namespace leaktrail {

// The heap right after a major collection, when what is left is alive.
struct MajorCollection {
  double at = 0;  // seconds since 1970
  double pause_ms = 0;
  uint64_t live_heap_bytes = 0;
  uint64_t external_bytes = 0;  // with array buffers
};

struct MemorySample {
  double at = 0;  // seconds since 1970
  double uptime_seconds = 0;
  uint64_t resident_bytes = 0;
  uint64_t heap_used_bytes = 0;
  uint64_t heap_total_bytes = 0;
  uint64_t heap_limit_bytes = 0;
  uint64_t external_bytes = 0;  // with array buffers
  uint64_t array_buffer_bytes = 0;
  uint64_t malloced_bytes = 0;  // by V8 itself
  uint64_t detached_contexts = 0;
  std::optional<uint64_t> handles;  // sockets, servers, watchers; the latest count
  std::optional<uint64_t> timers;   // Node 17 and newer
  double delay_mean_ms = 0;         // of the event loop, since the last sample
  double delay_max_ms = 0;
  uint64_t minor_collections = 0;                  // since the last sample
  std::vector<MajorCollection> major_collections;  // since the last sample
  std::optional<ResidentSplit> split;              // read every ten seconds only
  double cpu_seconds = 0;                          // of the process so far
  double cost_ms = 0;                              // of this sample, in the target's event loop
};

class Sampler {
 public:
  explicit Sampler(Attachment& target) : target_(target) {}
  Result<MemorySample> Take();

 private:
  Result<void> Install();
  void AddFromProc(MemorySample* sample);

  Attachment& target_;
  std::optional<ResidentSplit> split_;
  double split_at_ = 0;
};

}  // namespace leaktrail
