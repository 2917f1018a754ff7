// How text reports look: colour or not, how wide, how much.
//
// Whoever calls decides (the command asks the terminal); nothing here reads the environment.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace leaktrail {

enum class Paint : uint8_t { kPlain, kBold, kDim, kBad, kWarn, kGood, kName, kPlace };

struct TextOptions {
  size_t width = 0;  // columns; 0: as wide as it gets
  bool colour = false;
  bool verbose = false;
};

// `text` must be free of control characters (SafeText).
std::string Painted(std::string_view text, Paint paint, const TextOptions& options);

// `text` broken at spaces into lines of at most options.width columns, each line but the first
// indented. Ends without a line's end.
std::string Wrapped(std::string_view text, size_t indent, const TextOptions& options);

}  // namespace leaktrail
