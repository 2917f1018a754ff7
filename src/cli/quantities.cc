#include "cli/quantities.h"

#include <cmath>
#include <cstdlib>
#include <string>

#include "base/ascii.h"

namespace leaktrail {
namespace {

struct Unit {
  std::string_view name;
  double factor;
};
constexpr Unit kTimes[] = {{"ms", 0.001}, {"s", 1},    {"m", 60},
                           {"min", 60},   {"h", 3600}, {"d", 86'400}};
constexpr Unit kSizes[] = {{"B", 1},           {"kB", 1e3},  {"KB", 1e3},   {"MB", 1e6},
                           {"GB", 1e9},        {"TB", 1e12}, {"k", 1e3},    {"K", 1e3},
                           {"M", 1e6},         {"G", 1e9},   {"KiB", 1024}, {"MiB", 1048576},
                           {"GiB", 1073741824}};

// The number in front of `text`, which is then shorter.
std::optional<double> TakeNumber(std::string_view* text) {
  size_t end = 0, dots = 0;
  while (end < text->size() && (IsDigit((*text)[end]) || (*text)[end] == '.')) {
    dots += (*text)[end] == '.' ? 1 : 0;
    ++end;
  }
  if (end == 0 || dots > 1 || end > 15) return std::nullopt;
  const double value = std::strtod(std::string(text->substr(0, end)).c_str(), nullptr);
  text->remove_prefix(end);
  while (text->starts_with(' ')) text->remove_prefix(1);
  return value;
}

std::string_view TakeWord(std::string_view* text) {
  size_t end = 0;
  while (end < text->size() && !IsDigit((*text)[end]) && (*text)[end] != ' ') ++end;
  const std::string_view word = text->substr(0, end);
  text->remove_prefix(end);
  return word;
}

template <size_t N>
std::optional<double> FactorOf(const Unit (&units)[N], std::string_view name) {
  for (const Unit& unit : units) {
    if (unit.name == name) return unit.factor;
  }
  return std::nullopt;
}

}  // namespace

std::optional<double> ParseSeconds(std::string_view text) {
  double sum = 0;
  bool any = false;
  while (!text.empty()) {
    const std::optional<double> number = TakeNumber(&text);
    if (!number) return std::nullopt;
    const std::string_view word = TakeWord(&text);
    if (word.empty() && (any || !text.empty())) return std::nullopt;
    const std::optional<double> factor = word.empty() ? std::optional(1.0) : FactorOf(kTimes, word);
    if (!factor) return std::nullopt;
    sum += *number * *factor;
    any = true;
  }
  return any && sum > 0 ? std::optional(sum) : std::nullopt;
}

std::optional<uint64_t> ParseSize(std::string_view text) {
  const std::optional<double> number = TakeNumber(&text);
  if (!number) return std::nullopt;
  const std::optional<double> factor = FactorOf(kSizes, TakeWord(&text));
  if (!factor || !text.empty() || *number <= 0) return std::nullopt;
  return static_cast<uint64_t>(std::llround(*number * *factor));
}

}  // namespace leaktrail
