// From growth to the answer: suspects with their culprits and trails, ranked, and one verdict.
//
// The verdict accuses only on clear evidence: something that user code can be charged with was born
// in every step, lasted, is not slowing down, and is more than noise. What slows down, what is
// filled by code that looks at its size (a batch before it is flushed), a table whose keys may run
// out (key_space.h), or only two snapshots, is `inconclusive`; what stopped or turns over is
// `no-leak`.
//
// Groups that one place in code is to blame for, and that grow by like numbers, are one suspect.
//
// Cost: dominated by FindCulprit of the largest groups. Threads: pure.
#pragma once

#include <span>

#include "analysis/findings.h"
#include "analysis/holders.h"

namespace leaktrail {

struct SuspectOptions {
  uint32_t max_suspects = 5;
};

Findings BuildFindings(const LastSnapshot& last, std::span<const uint64_t> heap_sizes,
                       const SuspectOptions& options);

}  // namespace leaktrail
