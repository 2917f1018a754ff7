// Values as people read them: sizes, counts, and text that came out of a heap.
//
// Names in a heap are whatever the program under examination put there. SafeText makes them fit
// for a terminal: a control character, an escape sequence or a right-to-left override arrives as
// visible escapes, never as itself.
//
// Units: sizes are decimal, as in DevTools (1 kB = 1000 bytes).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace leaktrail {

std::string FormatSize(uint64_t bytes);                  // "0 B", "312 B", "1.2 MB"
std::string FormatSizeDelta(int64_t bytes);              // "+1.2 MB", "-312 B", "0 B"
std::string FormatCount(uint64_t count);                 // "20,012"
std::string FormatCountDelta(int64_t count);             // "+20,000", "-3", "0"
std::string FormatShare(uint64_t part, uint64_t whole);  // "12.3%"; "" if whole is 0
std::string FormatDuration(double ms);  // "0.4 ms", "812 ms", "12.3 s", "2 min 05 s"
// "1 node", "20,012 nodes".
std::string FormatCountOf(uint64_t count, std::string_view one, std::string_view many);

// One code point from valid or broken UTF-8. `size` is 1 and `valid` false for a broken byte.
struct DecodedPoint {
  uint32_t point = 0;
  size_t size = 1;
  bool valid = true;
};
DecodedPoint DecodeUtf8(std::string_view text, size_t at);

// Control, bidirectional and invalid characters escaped: `\n`, `\x1b`, `\u{202e}`.
std::string SafeText(std::string_view utf8);
// The same without spaces at the ends: V8 calls the global object "global / ".
std::string SafeName(std::string_view utf8);

// Columns on a terminal: 0 for combining marks, 2 for East Asian wide characters and emoji.
size_t DisplayWidth(std::string_view utf8);
// At most `width` columns; what is cut away is replaced by one "…" at the end or in front.
std::string ShortenEnd(std::string_view utf8, size_t width);
std::string ShortenFront(std::string_view utf8, size_t width);

}  // namespace leaktrail
