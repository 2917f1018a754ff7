// What `find` saw of a live service beside the snapshots: the load, the memory after each round,
// and the stacks that made what piled up. Plain values for the renderings.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "analysis/packages.h"

namespace leaktrail {

struct StackFrame {
  std::string function, file, package;
  uint32_t line = 0, column = 0;  // 1-based
};
CodePlace PlaceOf(const StackFrame& frame);

struct GrowingStack {
  std::vector<StackFrame> frames;  // the allocating function first
  double grown_bytes = 0;          // alive more than before, estimated
};

// What resident memory is made of. The parts add up to the resident memory.
struct ResidentParts {
  double heap = 0;      // V8's, as it has it from the kernel (heapTotal)
  double external = 0;  // array buffers and what else JavaScript objects hold outside V8's heap
  double native = 0;    // other anonymous memory: native code, the allocator's free pages, stacks
  double files = 0;     // the program and its libraries
  double rest = 0;  // what is left; below zero for memory that is counted above but not resident
};
// Of what the kernel counts as resident and as anonymous, and of process.memoryUsage().
ResidentParts SplitResident(double resident, double anonymous, double heap_total, double external);

// Memory after a round of load, settled and collected. Bytes.
struct RoundSample {
  double units = 0;  // since the start
  double heap = 0, external = 0, array_buffers = 0, resident = 0;
  std::optional<ResidentParts> parts;  // of the resident memory
};

struct SlopeFacts {
  double per_unit = 0, low = 0, high = 0;
  std::string outcome;  // "leak", "no-leak", "inconclusive"
  std::string reason;   // without a full stop
};

struct ExperimentFacts {
  std::string subject;       // the command, or the process
  std::string node_version;  // "" unknown
  uint64_t answered = 0, failed = 0;
  double load_seconds = 0;
  uint32_t warm_up_rounds = 0;
  std::vector<RoundSample> samples;  // one a round
  SlopeFacts heap, external, resident;
  double smallest_visible_per_unit = 0;
  std::optional<double> units_to_settle;
  std::vector<GrowingStack> stacks;  // most growth first
};

}  // namespace leaktrail
