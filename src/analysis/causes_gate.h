// A gate for CI over what verify found: does this answer let a change pass?
//
//   no leak                                                     passes
//   every arm that leaks grows by less than the threshold       passes
//   the leak is gone without a cause that is known, and each
//   change that brings a leak in is known                       passes
//   anything else                                               does not
//
// A known cause has to explain all of the leak: with its change the service does not leak at all,
// neither in V8's heap nor outside it. A part that is known leaves a rest that is not.
//
// Threads: pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "analysis/gate.h"
#include "analysis/tested_causes.h"

namespace leaktrail {

// What a baseline knows: causes by the names that a plan gave them, and packages that a report of
// find has as culprits, by name without version.
struct KnownCauses {
  std::vector<std::string> causes, packages;
};

struct CausesGateOptions {
  std::optional<KnownCauses> known;
  std::optional<double> threshold;  // bytes per request
};

// `known` and `fresh` of the result are names of causes.
GateResult JudgeCauses(const TestedCauses& causes, const CausesGateOptions& options);

}  // namespace leaktrail
