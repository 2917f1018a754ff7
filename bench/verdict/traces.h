// Heaps that never were: traces of bytes against requests, with a known truth.
//
// Threads: pure; a generator belongs to its caller.
#pragma once

#include <cstdint>
#include <memory>
#include <random>
#include <vector>

#include "experiment/verdict.h"

namespace leaktrail {

enum class TraceKind : uint8_t {
  kFlat,
  kSawtooth,
  kStep,
  kFillingCache,
  kDecayingWarmUp,
  kDriftWithNoise,
  kSlowLeakUnderChurn,
};
constexpr TraceKind kTraceKinds[] = {TraceKind::kFlat,
                                     TraceKind::kSawtooth,
                                     TraceKind::kStep,
                                     TraceKind::kFillingCache,
                                     TraceKind::kDecayingWarmUp,
                                     TraceKind::kDriftWithNoise,
                                     TraceKind::kSlowLeakUnderChurn};

const char* TraceName(TraceKind kind);
const char* TraceDescription(TraceKind kind);  // what is drawn at random, for the report
bool IsLeak(TraceKind kind);

using TraceRandom = std::mt19937_64;

// Growth of so many bytes per request below a saw, whose tooth takes 0.2 to 3 rounds.
struct LeakUnderChurn {
  double slope = 24;
  double churn_bytes = 5e6;  // 0: no saw
};

// What one process's heap comes to after so many requests, noise included.
class SimulatedHeap {
 public:
  SimulatedHeap(TraceKind kind, double all_units, double round_units, TraceRandom* random);
  SimulatedHeap(const LeakUnderChurn& leak, double round_units, TraceRandom* random);
  ~SimulatedHeap();
  SimulatedHeap(SimulatedHeap&&) noexcept;

  // `units` since the start, never fewer than before.
  double BytesAfter(double units);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

// `rounds` samples, one after each round of about `round_units` requests (0.5 to 1.5 times, as
// find does it).
std::vector<GrowthSample> MakeTrace(TraceKind kind, uint32_t rounds, double round_units,
                                    TraceRandom* random);
std::vector<GrowthSample> MakeTrace(const LeakUnderChurn& leak, uint32_t rounds, double round_units,
                                    TraceRandom* random);

}  // namespace leaktrail
