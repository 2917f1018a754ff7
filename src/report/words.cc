#include "report/words.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace leaktrail {
namespace {

struct PointRange {
  uint32_t first, last;
};

bool InRanges(uint32_t point, const PointRange* begin, const PointRange* end) {
  const PointRange* it = std::lower_bound(
      begin, end, point, [](const PointRange& r, uint32_t p) { return r.last < p; });
  return it != end && point >= it->first;
}

// Combining marks and other characters that take no column: the blocks that occur in practice.
constexpr std::array<PointRange, 13> kZeroWidth{{{0x0300, 0x036F},
                                                 {0x0483, 0x0489},
                                                 {0x0591, 0x05BD},
                                                 {0x0610, 0x061A},
                                                 {0x064B, 0x065F},
                                                 {0x0E34, 0x0E3A},
                                                 {0x0E47, 0x0E4E},
                                                 {0x1AB0, 0x1AFF},
                                                 {0x1DC0, 0x1DFF},
                                                 {0x20D0, 0x20FF},
                                                 {0xFE00, 0xFE0F},
                                                 {0xFE20, 0xFE2F},
                                                 {0xE0100, 0xE01EF}}};

// Unicode's East_Asian_Width W and F, merged into few ranges.
constexpr std::array<PointRange, 14> kWide{{{0x1100, 0x115F},
                                            {0x231A, 0x231B},
                                            {0x2329, 0x232A},
                                            {0x23E9, 0x23EC},
                                            {0x2E80, 0x303E},
                                            {0x3041, 0x33FF},
                                            {0x3400, 0x4DBF},
                                            {0x4E00, 0xA4CF},
                                            {0xA960, 0xA97F},
                                            {0xAC00, 0xD7A3},
                                            {0xF900, 0xFAFF},
                                            {0xFE30, 0xFE6F},
                                            {0xFF00, 0xFF60},
                                            {0x1F300, 0x1FAFF}}};

size_t PointWidth(uint32_t point) {
  if (point < 0x300) return 1;
  if (InRanges(point, kZeroWidth.data(), kZeroWidth.data() + kZeroWidth.size())) return 0;
  if (InRanges(point, kWide.data(), kWide.data() + kWide.size())) return 2;
  return point >= 0x20000 && point <= 0x3FFFD ? 2 : 1;
}

// What must not reach a terminal as itself: C0, DEL, C1, line separators, and the characters that
// reorder or hide their neighbours.
bool MustEscape(uint32_t p) {
  return p < 0x20 || (p >= 0x7F && p <= 0x9F) || (p >= 0x200B && p <= 0x200F) ||
         (p >= 0x2028 && p <= 0x202E) || (p >= 0x2060 && p <= 0x206F) || p == 0xFEFF ||
         p == 0x061C || (p >= 0xFFF9 && p <= 0xFFFB) || (p >= 0xE0000 && p <= 0xE007F);
}

void AppendEscaped(uint32_t point, std::string* out) {
  switch (point) {
    case '\n':
      *out += "\\n";
      return;
    case '\r':
      *out += "\\r";
      return;
    case '\t':
      *out += "\\t";
      return;
    default:
      *out += point < 0x100 ? fmt::format("\\x{:02x}", point) : fmt::format("\\u{{{:x}}}", point);
  }
}

std::string Scaled(double bytes) {
  static constexpr std::array<const char*, 6> kUnits{"kB", "MB", "GB", "TB", "PB", "EB"};
  size_t unit = 0;
  double v = bytes / 1000;
  // 999.95 would print as "1000": the next unit is due as soon as rounding reaches it.
  while (v >= 999.5 && unit + 1 < kUnits.size()) {
    v /= 1000;
    ++unit;
  }
  return fmt::format("{:.{}f} {}", v, v < 99.95 ? 1 : 0, kUnits[unit]);
}

uint64_t Magnitude(int64_t v) {
  return v < 0 ? ~static_cast<uint64_t>(v) + 1 : static_cast<uint64_t>(v);
}

const char* SignOf(int64_t v) { return v > 0 ? "+" : v < 0 ? "-" : ""; }

}  // namespace

std::string FormatSize(uint64_t bytes) {
  if (bytes < 1000) return fmt::format("{} B", bytes);
  return Scaled(static_cast<double>(bytes));
}

std::string FormatSizeDelta(int64_t bytes) {
  return fmt::format("{}{}", SignOf(bytes), FormatSize(Magnitude(bytes)));
}

std::string FormatCount(uint64_t count) {
  std::string digits = fmt::format("{}", count);
  for (size_t at = digits.size(); at > 3;) {
    at -= 3;
    digits.insert(at, 1, ',');
  }
  return digits;
}

std::string FormatCountDelta(int64_t count) {
  return fmt::format("{}{}", SignOf(count), FormatCount(Magnitude(count)));
}

std::string FormatShare(uint64_t part, uint64_t whole) {
  if (whole == 0) return "";
  return fmt::format("{:.1f}%", 100.0 * static_cast<double>(part) / static_cast<double>(whole));
}

std::string FormatDuration(double ms) {
  if (ms < 9.95) return fmt::format("{:.1f} ms", ms);
  if (ms < 999.5) return fmt::format("{:.0f} ms", ms);
  if (ms < 59'950) return fmt::format("{:.1f} s", ms / 1000);
  const auto seconds = static_cast<uint64_t>(std::llround(ms / 1000));
  return fmt::format("{} min {:02} s", seconds / 60, seconds % 60);
}

std::string FormatCountOf(uint64_t count, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", FormatCount(count), count == 1 ? one : many);
}

DecodedPoint DecodeUtf8(std::string_view text, size_t at) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t lead = byte(at);
  if (lead < 0x80) return {lead, 1, true};
  const size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  const DecodedPoint broken{lead, 1, false};
  if (lead < 0xC2 || lead > 0xF4 || at + size > text.size()) return broken;
  uint32_t point = lead & (0x7Fu >> size);
  for (size_t i = 1; i < size; ++i) {
    if ((byte(at + i) & 0xC0) != 0x80) return broken;
    point = point << 6 | (byte(at + i) & 0x3F);
  }
  const bool overlong = (size == 3 && point < 0x800) || (size == 4 && point < 0x10000);
  if (overlong || point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF)) return broken;
  return {point, size, true};
}

std::string SafeText(std::string_view utf8) {
  std::string out;
  out.reserve(utf8.size());
  for (size_t at = 0; at < utf8.size();) {
    const DecodedPoint p = DecodeUtf8(utf8, at);
    if (!p.valid || MustEscape(p.point)) {
      AppendEscaped(p.point, &out);
    } else {
      out.append(utf8, at, p.size);
    }
    at += p.size;
  }
  return out;
}

std::string SafeName(std::string_view utf8) {
  const size_t first = utf8.find_first_not_of(' ');
  if (first == std::string_view::npos) return "";
  return SafeText(utf8.substr(first, utf8.find_last_not_of(' ') - first + 1));
}

size_t DisplayWidth(std::string_view utf8) {
  size_t width = 0;
  for (size_t at = 0; at < utf8.size();) {
    const DecodedPoint p = DecodeUtf8(utf8, at);
    width += p.valid ? PointWidth(p.point) : 1;
    at += p.size;
  }
  return width;
}

std::string ShortenEnd(std::string_view utf8, size_t width) {
  if (DisplayWidth(utf8) <= width) return std::string(utf8);
  if (width == 0) return "";
  size_t used = 0, at = 0;
  while (at < utf8.size()) {
    const DecodedPoint p = DecodeUtf8(utf8, at);
    const size_t w = p.valid ? PointWidth(p.point) : 1;
    if (used + w > width - 1) break;
    used += w;
    at += p.size;
  }
  return fmt::format("{}…", utf8.substr(0, at));
}

std::string ShortenFront(std::string_view utf8, size_t width) {
  size_t left = DisplayWidth(utf8);
  if (left <= width) return std::string(utf8);
  if (width == 0) return "";
  size_t at = 0;
  while (at < utf8.size() && left > width - 1) {
    const DecodedPoint p = DecodeUtf8(utf8, at);
    left -= p.valid ? PointWidth(p.point) : 1;
    at += p.size;
  }
  return fmt::format("…{}", utf8.substr(at));
}

}  // namespace leaktrail
