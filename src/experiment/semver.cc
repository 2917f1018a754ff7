#include "experiment/semver.h"

#include <algorithm>
#include <charconv>

namespace leaktrail {
namespace {

bool IsNumber(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::optional<uint64_t> ParseNumber(std::string_view text) {
  uint64_t value = 0;
  if (!IsNumber(text)) return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool IsIdentifier(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
  });
}

std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> out;
  for (;;) {
    const size_t at = text.find(separator);
    out.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return out;
    text.remove_prefix(at + 1);
  }
}

// Numbers below words, numbers by value however long they are.
std::strong_ordering CompareIdentifiers(const std::string& a, const std::string& b) {
  const bool a_is_number = IsNumber(a), b_is_number = IsNumber(b);
  if (a_is_number != b_is_number) {
    return a_is_number ? std::strong_ordering::less : std::strong_ordering::greater;
  }
  if (a_is_number && a.size() != b.size()) return a.size() <=> b.size();
  return a.compare(b) <=> 0;
}

}  // namespace

std::optional<SemanticVersion> ParseVersion(std::string_view text) {
  if (!text.empty() && text.front() == '=') text.remove_prefix(1);
  if (!text.empty() && text.front() == 'v') text.remove_prefix(1);
  text = text.substr(0, text.find('+'));
  SemanticVersion version;
  const size_t dash = text.find('-');
  if (dash != std::string_view::npos) {
    for (const std::string_view part : Split(text.substr(dash + 1), '.')) {
      if (!IsIdentifier(part)) return std::nullopt;
      version.pre_release.emplace_back(part);
    }
    text = text.substr(0, dash);
  }
  const std::vector<std::string_view> parts = Split(text, '.');
  if (parts.size() != version.numbers.size()) return std::nullopt;
  for (size_t i = 0; i < parts.size(); ++i) {
    const std::optional<uint64_t> number = ParseNumber(parts[i]);
    if (!number) return std::nullopt;
    version.numbers[i] = *number;
  }
  return version;
}

std::strong_ordering operator<=>(const SemanticVersion& a, const SemanticVersion& b) {
  if (const auto order = a.numbers <=> b.numbers; order != 0) return order;
  if (a.is_pre_release() != b.is_pre_release()) {
    return a.is_pre_release() ? std::strong_ordering::less : std::strong_ordering::greater;
  }
  for (size_t i = 0; i < std::min(a.pre_release.size(), b.pre_release.size()); ++i) {
    const auto order = CompareIdentifiers(a.pre_release[i], b.pre_release[i]);
    if (order != 0) return order;
  }
  return a.pre_release.size() <=> b.pre_release.size();
}

bool IsBetween(std::string_view version, std::string_view low, std::string_view high) {
  const auto v = ParseVersion(version), from = ParseVersion(low), to = ParseVersion(high);
  return v && from && to && *from <= *v && *v <= *to;
}

}  // namespace leaktrail
