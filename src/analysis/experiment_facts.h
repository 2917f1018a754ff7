// What `find` saw of a live service beside the snapshots: the load, the memory after each round,
// and the stacks that made what piled up. Plain values for the renderings.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace leaktrail {

struct StackFrame {
  std::string function, file, package;
  uint32_t line = 0, column = 0;  // 1-based
};

struct GrowingStack {
  std::vector<StackFrame> frames;  // the allocating function first
  double grown_bytes = 0;          // alive more than before, estimated
};

// Memory after a round of load, settled and collected. Bytes.
struct MemorySample {
  double units = 0;  // since the start
  double heap = 0, external = 0, array_buffers = 0, resident = 0;
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
  std::vector<MemorySample> samples;  // one a round
  SlopeFacts heap, external, resident;
  double smallest_visible_per_unit = 0;
  std::optional<double> units_to_settle;
  std::vector<GrowingStack> stacks;  // most growth first
};

}  // namespace leaktrail
