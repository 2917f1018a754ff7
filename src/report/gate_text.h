// What a gate says, behind "The gate ": "passes: no leak".
//
// Threads: pure.
#pragma once

#include <string>

#include "analysis/gate.h"

namespace leaktrail {

// Of find and trail: `known` and `fresh` are fingerprints.
std::string GateText(const GateResult& gate, const std::string& unit);
// Of verify: they are causes.
std::string CausesGateText(const GateResult& gate);

}  // namespace leaktrail
