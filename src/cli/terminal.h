// What the command asks the terminal and the environment, once, at the start.
#pragma once

#include <cstddef>
#include <cstdint>

namespace leaktrail {

enum class ColourChoice : uint8_t { kAuto, kAlways, kNever };

bool StdoutIsTerminal();
bool StderrIsTerminal();
// COLUMNS if it is a number, else the terminal's own width, else 0 (not a terminal: no bound).
size_t OutputWidth();
// kAuto: a terminal that is not dumb, and no NO_COLOR (https://no-color.org).
bool UseColour(ColourChoice choice);

}  // namespace leaktrail
