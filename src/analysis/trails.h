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

// 16 hex digits. Made of what does not change from run to run: the culprit's package name, file and
// function, the suspect's class if it is of user code, and the name of the container where the
// culprit has one. Not of the way that holds the container: there are several as a rule, and which
// one is the shortest is chance. Not of ids, positions, versions or Node's own classes.
std::string Fingerprint(const LastSnapshot& last, const CulpritReport& report);

}  // namespace leaktrail
