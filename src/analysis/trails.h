// The trail of a suspect: from the root to the growing object, one step a line, and a fingerprint
// that the same bug keeps across runs, machines and versions of Node.
//
// The way down to the owner is the shortest one that avoids code and shapes; from the owner on it
// is the merged way of all new instances, so each step knows how many of them it holds. Runs of
// like steps (a linked list) are one step with a repeat count.
//
// Cost: O(length). Threads: pure.
#pragma once

#include <string>
#include <vector>

#include "analysis/culprit.h"
#include "analysis/findings.h"
#include "analysis/holders.h"

namespace leaktrail {

std::vector<TrailStep> BuildTrail(const LastSnapshot& last, uint32_t group,
                                  const HolderChain& chain, const CulpritReport& report);

// 16 hex digits. Made of package names, files and class names of user code and of the properties
// from the holder to the items; not of ids, positions, versions, absolute paths or Node's own
// classes.
std::string Fingerprint(const LastSnapshot& last, const HolderChain& chain,
                        const CulpritReport& report);

}  // namespace leaktrail
