#include "capture/surrogates.h"

#include <charconv>
#include <cstdint>

namespace leaktrail {
namespace {

constexpr size_t kEscapeSize = 6;  // \uXXXX

// The code unit of an escape at `at`; 0 if there is none.
uint32_t UnitAt(std::string_view json, size_t at) {
  if (at + kEscapeSize > json.size() || json[at] != '\\' || json[at + 1] != 'u') return 0;
  uint32_t unit = 0;
  const char* begin = json.data() + at + 2;
  const auto [end, error] = std::from_chars(begin, begin + 4, unit, 16);
  return error == std::errc() && end == begin + 4 ? unit : 0;
}

bool IsHigh(uint32_t unit) { return unit >= 0xD800 && unit <= 0xDBFF; }
bool IsLow(uint32_t unit) { return unit >= 0xDC00 && unit <= 0xDFFF; }

}  // namespace

std::string ReplaceLoneSurrogates(std::string_view json) {
  std::string out;
  out.reserve(json.size());
  for (size_t at = 0; at < json.size();) {
    if (json[at] != '\\') {
      out += json[at++];
      continue;
    }
    const uint32_t unit = UnitAt(json, at);
    if (IsHigh(unit) && IsLow(UnitAt(json, at + kEscapeSize))) {
      out.append(json, at, 2 * kEscapeSize);
      at += 2 * kEscapeSize;
    } else if (IsHigh(unit) || IsLow(unit)) {
      out += "\\ufffd";
      at += kEscapeSize;
    } else {
      out.append(json, at, 2);  // also \\, so that what it escapes is not looked at
      at += 2;
    }
  }
  return out;
}

}  // namespace leaktrail
