// Fingerprints of leaks that are known, from a report that was kept: JSON schema
// leaktrail.findings/1, as `find --json` and `trail --json` print it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "analysis/causes_gate.h"
#include "base/result.h"

namespace leaktrail {

// Of all suspects, without repetition. Errors are sentences without the file's name.
Result<std::vector<std::string>> ReadBaseline(std::string_view json);

// What verify lets pass: of a report of verify (schema leaktrail.verify/1) its causes, confirmed or
// brought in; of a report of findings the culprit's package. Errors likewise.
Result<KnownCauses> ReadCausesBaseline(std::string_view json);

}  // namespace leaktrail
