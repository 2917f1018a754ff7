// Fingerprints of leaks that are known, from a report that was kept: JSON schema
// leaktrail.findings/1, as `find --json` and `trail --json` print it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace leaktrail {

// Of all suspects, without repetition. Errors are sentences without the file's name.
Result<std::vector<std::string>> ReadBaseline(std::string_view json);

}  // namespace leaktrail
