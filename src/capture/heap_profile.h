// Which call stacks made the objects that are alive: V8's sampling heap profiler through the
// inspector.
//
//   head ─▶ handler ─▶ registerHttpMetric ─▶ Meter ─▶ setInterval   selfSize 1.2 MB
//                      └ one AllocationSite: frames from the allocating function outwards
//
// V8 samples one allocation in so many bytes, and forgets a sample when its object is collected;
// what a profile shows is therefore alive, scaled up to all allocations. Comparing two profiles
// tells which stacks pile up.
//
// Cost in the target: not measurable while it runs. Read and Stop collect all garbage, which takes
// as long as a full collection does (100 to 400 ms for a heap of 200 MB). Sampling ends by itself
// when the inspector connection does. Threads: one at a time.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "capture/inspector.h"

namespace leaktrail {

struct SampledFrame {
  std::string function;  // "" for anonymous ones
  std::string url;       // of the script, as V8 has it: a path or a file: URL; "" for the engine
  uint32_t line = 0, column = 0;  // where the function begins, 1-based; 0 unknown
  bool operator==(const SampledFrame&) const = default;
};

struct AllocationSite {
  std::vector<SampledFrame> frames;  // the allocating function first
  double bytes = 0;                  // alive, estimated
};

struct HeapProfile {
  std::vector<AllocationSite> sites;  // those with bytes, in the profile's order
};

struct AllocationGrowth {
  std::vector<SampledFrame> frames;
  double bytes_before = 0, bytes_after = 0;
  double grown() const { return bytes_after - bytes_before; }
};

// `interval_bytes`: one sample in so many bytes on average.
Result<void> StartHeapSampling(Inspector& inspector, uint32_t interval_bytes);
Result<HeapProfile> ReadHeapProfile(Inspector& inspector);
Result<void> StopHeapSampling(Inspector& inspector);

// Of the protocol's `profile`. What is not as it should be is left out.
HeapProfile ParseHeapProfile(const nlohmann::json& profile);

// Stacks with more bytes alive than before, most growth first.
std::vector<AllocationGrowth> CompareProfiles(const HeapProfile& before, const HeapProfile& after);

}  // namespace leaktrail
