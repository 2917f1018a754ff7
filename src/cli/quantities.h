// Amounts as people type them: "10m", "1h30m", "500MB".
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace leaktrail {

// "500ms", "30s", "10m", "2h", "1d", "1h30m"; a bare number is seconds. Nothing for anything else
// and for 0.
std::optional<double> ParseSeconds(std::string_view text);
// "500MB", "1.5 GB", "800 kB", "4096B"; decimal as in all output, MiB and the like are binary.
// Needs a unit.
std::optional<uint64_t> ParseSize(std::string_view text);

}  // namespace leaktrail
