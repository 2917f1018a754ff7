// Letters and digits of ASCII, whatever the locale.
//
// Cost: a comparison or two. Threads: pure.
#pragma once

namespace leaktrail {

constexpr bool IsDigit(char c) { return static_cast<unsigned char>(c - '0') <= 9; }
constexpr bool IsLower(char c) { return c >= 'a' && c <= 'z'; }
constexpr bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }
constexpr bool IsLetter(char c) { return IsLower(c) || IsUpper(c); }

}  // namespace leaktrail
