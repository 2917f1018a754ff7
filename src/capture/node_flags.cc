#include "capture/node_flags.h"

#include <algorithm>
#include <array>

#include "capture/proc_files.h"

namespace leaktrail {
namespace {

constexpr uint16_t kUsualPort = 9229;

// Those of Node's options that take the next argument as their value, if not written with "=".
constexpr std::array<std::string_view, 22> kTakesNext{"-r",
                                                      "--require",
                                                      "--import",
                                                      "--loader",
                                                      "-C",
                                                      "--conditions",
                                                      "--experimental-loader",
                                                      "--title",
                                                      "--env-file",
                                                      "--input-type",
                                                      "--inspect-port",
                                                      "--debug-port",
                                                      "--icu-data-dir",
                                                      "--openssl-config",
                                                      "--redirect-warnings",
                                                      "--diagnostic-dir",
                                                      "--cpu-prof-dir",
                                                      "--report-dir",
                                                      "--report-directory",
                                                      "--dns-result-order",
                                                      "--max-http-header-size",
                                                      "--unhandled-rejections"};
// Options after which there is no script, but code.
constexpr std::array<std::string_view, 6> kCode{"-e", "--eval", "-p", "--print", "-pe", "-i"};

template <size_t N>
bool IsIn(const std::array<std::string_view, N>& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

std::optional<std::string> FlagIn(const std::vector<std::string_view>& words,
                                  std::initializer_list<std::string_view> names) {
  std::optional<std::string> value;
  for (size_t i = 0; i < words.size(); ++i) {
    for (const std::string_view name : names) {
      if (words[i] == name) {
        const bool next = i + 1 < words.size() && !words[i + 1].starts_with("-");
        value = next && IsIn(kTakesNext, name) ? std::string(words[i + 1]) : "";
      } else if (words[i].starts_with(name) && words[i].size() > name.size() &&
                 words[i][name.size()] == '=') {
        value = std::string(words[i].substr(name.size() + 1));
      }
    }
  }
  return value;
}

}  // namespace

std::optional<size_t> ScriptIndex(const std::vector<std::string>& arguments) {
  for (size_t i = 1; i < arguments.size(); ++i) {
    const std::string& word = arguments[i];
    if (word.empty() || IsIn(kCode, word) || word.starts_with("--eval=")) return std::nullopt;
    if (word == "--") return i + 1 < arguments.size() ? std::optional(i + 1) : std::nullopt;
    if (!word.starts_with("-")) return i;
    if (IsIn(kTakesNext, word)) ++i;
  }
  return std::nullopt;
}

std::optional<std::string> FindNodeFlag(const std::vector<std::string>& arguments,
                                        std::string_view node_options,
                                        std::initializer_list<std::string_view> names) {
  const size_t end = std::min(ScriptIndex(arguments).value_or(arguments.size()), arguments.size());
  std::vector<std::string_view> own;
  for (size_t i = 1; i < end; ++i) own.push_back(arguments[i]);
  if (std::optional<std::string> value = FlagIn(own, names)) return value;
  return FlagIn(SplitWords(node_options), names);
}

uint16_t InspectPort(const std::vector<std::string>& arguments, std::string_view node_options) {
  const std::optional<std::string> value = FindNodeFlag(
      arguments, node_options,
      {"--inspect-port", "--debug-port", "--inspect", "--inspect-brk", "--inspect-wait"});
  if (!value || value->empty()) return kUsualPort;
  const size_t colon = value->rfind(':');
  const std::string digits = colon == std::string::npos ? *value : value->substr(colon + 1);
  const std::optional<uint64_t> port = ToNumber(digits);
  return port && *port <= 65535 ? static_cast<uint16_t>(*port) : kUsualPort;
}

}  // namespace leaktrail
