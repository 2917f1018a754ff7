// Changes to snapshots that keep most of them readable, so that the fuzzer's executions get past
// the parser: numbers that lie, rows and sections moved, whole new graphs.
#pragma once

#include <cstdint>
#include <string>

namespace leaktrail::testing {

// The same for the same text and seed.
std::string MutateSnapshot(const std::string& text, uint64_t seed);

}  // namespace leaktrail::testing
