// Heaps that never were: traces of bytes against requests, with a known truth.
//
// Threads: pure; a generator belongs to its caller.
#pragma once

#include <cstdint>
#include <random>
#include <string_view>
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

// `rounds` samples, one after each round of about `round_units` requests (0.5 to 1.5 times, as
// find does it).
std::vector<GrowthSample> MakeTrace(TraceKind kind, uint32_t rounds, double round_units,
                                    TraceRandom* random);

}  // namespace leaktrail
