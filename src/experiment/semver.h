// Versions as npm orders them (semver.org 2.0): 4.9.0 < 4.10.0-rc.1 < 4.10.0; what follows a + does
// not count.
//
// Threads: values, no sharing.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace leaktrail {

struct SemanticVersion {
  std::array<uint64_t, 3> numbers{};
  std::vector<std::string> pre_release;  // "rc", "1"; empty for a release
  bool is_pre_release() const { return !pre_release.empty(); }
};

// None for what is no whole version: a range, a tag, "4.2". A leading v or = is allowed.
std::optional<SemanticVersion> ParseVersion(std::string_view text);

std::strong_ordering operator<=>(const SemanticVersion& a, const SemanticVersion& b);
inline bool operator==(const SemanticVersion& a, const SemanticVersion& b) {
  return (a <=> b) == std::strong_ordering::equal;
}

// Whether `version` lies in low..high, ends included. False if one of them is no version.
bool IsBetween(std::string_view version, std::string_view low, std::string_view high);

}  // namespace leaktrail
