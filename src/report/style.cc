#include "report/style.h"

#include <fmt/format.h>

#include "report/words.h"

namespace leaktrail {
namespace {

// SGR codes of the 16 colours that every palette defines.
std::string_view CodeOf(Paint paint) {
  switch (paint) {
    case Paint::kPlain:
      return "";
    case Paint::kBold:
      return "1";
    case Paint::kDim:
      return "2";
    case Paint::kBad:
      return "1;31";
    case Paint::kWarn:
      return "33";
    case Paint::kGood:
      return "1;32";
    case Paint::kName:
      return "36";
    case Paint::kPlace:
      return "35";
  }
  return "";
}

}  // namespace

std::string Painted(std::string_view text, Paint paint, const TextOptions& options) {
  const std::string_view code = CodeOf(paint);
  if (!options.colour || code.empty() || text.empty()) return std::string(text);
  return fmt::format("\x1b[{}m{}\x1b[0m", code, text);
}

std::string Wrapped(std::string_view text, size_t indent, const TextOptions& options) {
  if (options.width == 0) return std::string(text);
  std::string out;
  size_t column = 0;
  while (!text.empty()) {
    const size_t space = text.find(' ');
    const std::string_view word = text.substr(0, space);
    const size_t width = DisplayWidth(word);
    if (column > indent && column + 1 + width > options.width) {
      out += '\n';
      out.append(indent, ' ');
      column = indent;
    } else if (column > 0) {
      out += ' ';
      ++column;
    }
    out += word;
    column += width;
    text.remove_prefix(space == std::string_view::npos ? text.size() : space + 1);
  }
  return out;
}

}  // namespace leaktrail
