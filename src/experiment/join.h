// The two halves of the answer put together: who holds what grows, and who made it.
//
//   snapshots ─▶ trail ─▶ suspect: class, owner, culprit (package, file, function)
//                                     │  same function, else file, else package
//   profiles ─▶ growing stacks: ──────┘  on the stack: because = allocation_stack
//               Meter ◂ registerHttpMetric ◂ hookHttp ◂ …
//
// A suspect gets the stack with most growth among those that fit it best. Where trail could name
// nobody, or only the package that everything hangs below, the stack names the culprit: the first
// user code from the allocation outwards.
//
// Cost: suspects × stacks. Threads: pure.
#pragma once

#include <span>

#include "analysis/findings.h"

namespace leaktrail {

// `stacks` with most growth first.
void JoinStacks(std::span<const GrowingStack> stacks, Findings* findings);

}  // namespace leaktrail
