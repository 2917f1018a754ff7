#include "cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>

namespace leaktrail {
namespace {

constexpr size_t kLeastWidth = 40;  // narrower tables cannot be read; let the terminal wrap

const char* Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

bool StdoutIsTerminal() { return isatty(STDOUT_FILENO) != 0; }
bool StderrIsTerminal() { return isatty(STDERR_FILENO) != 0; }

size_t OutputWidth() {
  char* end = nullptr;
  const char* columns = Environment("COLUMNS");
  const unsigned long wanted = std::strtoul(columns, &end, 10);
  if (end != columns && *end == '\0' && wanted > 0 && wanted < 10'000) {
    return wanted < kLeastWidth ? kLeastWidth : wanted;
  }
  winsize size{};
  if (!StdoutIsTerminal() || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) {
    return 0;
  }
  return size.ws_col < kLeastWidth ? kLeastWidth : size.ws_col;
}

bool UseColour(ColourChoice choice) {
  if (choice != ColourChoice::kAuto) return choice == ColourChoice::kAlways;
  return StdoutIsTerminal() && *Environment("NO_COLOR") == '\0' &&
         std::string_view(Environment("TERM")) != "dumb";
}

}  // namespace leaktrail
