#include "experiment/source_map.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

namespace leaktrail {
namespace {

constexpr std::string_view kDigits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr uint32_t kMostBits = 30;

// One base64 VLQ; false at the end of a segment or on a bad digit.
bool ReadVlq(std::string_view text, size_t* at, int64_t* value) {
  uint64_t bits = 0;
  for (uint32_t shift = 0; *at < text.size() && shift <= kMostBits; shift += 5) {
    const size_t digit = kDigits.find(text[*at]);
    if (digit == std::string_view::npos) return false;
    ++*at;
    bits |= static_cast<uint64_t>(digit & 31) << shift;
    if ((digit & 32) == 0) {
      *value = (bits & 1) != 0 ? -static_cast<int64_t>(bits >> 1) : static_cast<int64_t>(bits >> 1);
      return true;
    }
  }
  return false;
}

}  // namespace

Result<SourceMap> SourceMap::Parse(std::string_view text) {
  // Some servers put this in front so that the map is no script.
  if (text.starts_with(")]}'")) text.remove_prefix(std::min(text.find('\n'), text.size()));
  const nlohmann::json json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  const auto field = [&](const char* key) {
    const auto it = json.is_object() ? json.find(key) : json.end();
    return it != json.end() && it->is_string() ? it->get<std::string>() : std::string();
  };
  if (!json.is_object() || !json.contains("mappings") || !json.contains("sources") ||
      !json["sources"].is_array()) {
    return Fail(ErrorKind::kBadInput, "this is not a source map: it has no sources and mappings");
  }
  SourceMap map;
  std::string root = field("sourceRoot");
  if (!root.empty() && root.back() != '/') root += '/';
  for (const auto& source : json["sources"]) {
    map.sources_.push_back(source.is_string() ? root + source.get<std::string>() : "");
  }
  const std::string mappings = field("mappings");
  int64_t source = 0, line = 0, column = 0;
  size_t at = 0;
  for (;;) {
    map.lines_.emplace_back();
    int64_t generated = 0;
    while (at < mappings.size() && mappings[at] != ';') {
      if (mappings[at] == ',') {
        ++at;
        continue;
      }
      std::array<int64_t, 5> fields{};
      size_t count = 0;
      while (count < fields.size() && ReadVlq(mappings, &at, &fields[count])) ++count;
      if (count == 0) return Fail(ErrorKind::kBadInput, "a source map's mappings are damaged");
      generated += fields[0];
      if (count < 4) continue;
      source += fields[1];
      line += fields[2];
      column += fields[3];
      if (generated < 0 || source < 0 || line < 0 || column < 0 ||
          source >= static_cast<int64_t>(map.sources_.size())) {
        continue;
      }
      map.lines_.back().push_back({static_cast<uint32_t>(generated), static_cast<uint32_t>(source),
                                   static_cast<uint32_t>(line), static_cast<uint32_t>(column)});
    }
    if (at >= mappings.size()) break;
    ++at;
  }
  for (std::vector<Segment>& segments : map.lines_) {
    std::stable_sort(segments.begin(), segments.end(),
                     [](const Segment& a, const Segment& b) { return a.column < b.column; });
  }
  return map;
}

std::optional<OriginalPlace> SourceMap::Find(uint32_t line, uint32_t column) const {
  if (line == 0 || line > lines_.size()) return std::nullopt;
  const std::vector<Segment>& segments = lines_[line - 1];
  if (segments.empty()) return std::nullopt;
  const uint32_t wanted = column > 0 ? column - 1 : 0;
  auto it = std::upper_bound(segments.begin(), segments.end(), wanted,
                             [](uint32_t c, const Segment& s) { return c < s.column; });
  if (it != segments.begin()) --it;
  return OriginalPlace{sources_[it->source], it->line + 1, it->original_column + 1};
}

}  // namespace leaktrail
