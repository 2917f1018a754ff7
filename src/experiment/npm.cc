#include "experiment/npm.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "base/ascii.h"

namespace leaktrail {
namespace {

constexpr std::string_view kErrorPrefixes[] = {"npm error ", "npm ERR! "};
// Lines that say nothing by themselves.
constexpr std::string_view kFillers[] = {"errno ",   "syscall ",       "path ",    "dest ",
                                         "command ", "A complete log", "argument "};
constexpr size_t kMaxLine = 300;
// Between npm's tries for one file; npm's own are 10 and 60 seconds. An optional dependency whose
// host is gone for good would cost minutes an installation.
constexpr std::string_view kShortWaits[] = {"npm_config_fetch_retry_mintimeout=1000",
                                            "npm_config_fetch_retry_maxtimeout=3000"};
// The network was in the way, and a longer wait may help.
constexpr std::string_view kNetworkCodes[] = {"ECONNRESET",  "ECONNREFUSED", "ECONNABORTED",
                                              "ETIMEDOUT",   "EAI_AGAIN",    "ENOTFOUND",
                                              "ENETUNREACH", "EHOSTUNREACH", "ERR_SOCKET_TIMEOUT",
                                              "FETCH_ERROR", "E429",         "E500",
                                              "E502",        "E503",         "E504"};

enum class Patience : uint8_t { kShort, kAsConfigured };

bool IsOfAnotherNpm(std::string_view entry) {
  for (const std::string_view name : {"npm_package_", "npm_lifecycle_",
                                      "npm_config_local_prefix=", "INIT_CWD=", "npm_command="}) {
    if (entry.starts_with(name)) return true;
  }
  return false;
}

std::vector<std::string_view> LinesOf(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    while (!line.empty() && std::isspace(static_cast<unsigned char>(line.back())) != 0) {
      line.remove_suffix(1);
    }
    if (!line.empty()) lines.push_back(line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

// "notarget" of ETARGET, "404" of E404: npm puts it before each line.
bool IsTag(std::string_view word, std::string_view code) {
  if (word.empty() || code.size() < 2) return false;
  return word == code || (code[0] == 'E' && LowerCase(word).ends_with(LowerCase(code.substr(1))));
}

bool IsAsked(const std::vector<std::string>& environment, std::string_view entry) {
  const std::string_view name = entry.substr(0, entry.find('=') + 1);
  return std::any_of(environment.begin(), environment.end(),
                     [&](const std::string& e) { return LowerCase(e).starts_with(name); });
}

Result<CommandResult> RunOnce(const std::vector<std::string>& arguments, const NpmOptions& options,
                              Patience patience) {
  CommandPlan plan;
  plan.command = {"npm"};
  plan.command.insert(plan.command.end(), arguments.begin(), arguments.end());
  for (const char* flag : {"--no-audit", "--no-fund", "--no-update-notifier", "--no-progress",
                           "--loglevel=error", "--no-color"}) {
    plan.command.emplace_back(flag);
  }
  for (std::string& entry : OwnEnvironment()) {
    if (!IsOfAnotherNpm(entry)) plan.environment.push_back(std::move(entry));
  }
  if (patience == Patience::kShort) {
    for (const std::string_view entry : kShortWaits) {
      if (!IsAsked(plan.environment, entry)) plan.environment.emplace_back(entry);
    }
  }
  plan.folder = options.folder;
  plan.cancel = options.cancel;
  return RunCommand(plan);
}

}  // namespace

Result<CommandResult> RunNpm(const std::vector<std::string>& arguments, const NpmOptions& options) {
  Result<CommandResult> result = RunOnce(arguments, options, Patience::kShort);
  if (result && result->exit_code != 0 && !result->timed_out &&
      std::any_of(std::begin(kNetworkCodes), std::end(kNetworkCodes),
                  [&](std::string_view code) { return FailedWith(*result, code); })) {
    result = RunOnce(arguments, options, Patience::kAsConfigured);
  }
  if (!result && result.error().kind != ErrorKind::kInterrupted) {
    return Fail(ErrorKind::kEnvironment,
                result.error().message + "; npm must be in PATH, it comes with Node.js");
  }
  return result;
}

bool FailedWith(const CommandResult& result, std::string_view code) {
  if (result.exit_code == 0) return false;
  for (std::string_view line : LinesOf(result.errors)) {
    const auto prefix = std::find_if(std::begin(kErrorPrefixes), std::end(kErrorPrefixes),
                                     [&](std::string_view p) { return line.starts_with(p); });
    if (prefix == std::end(kErrorPrefixes)) continue;
    line.remove_prefix(prefix->size());
    if (line.starts_with("code ") && line.substr(5) == code) return true;
  }
  return false;
}

bool SaysNoNetwork(std::string_view complaint) {
  return std::any_of(std::begin(kNetworkCodes), std::end(kNetworkCodes),
                     [&](std::string_view code) {
                       return complaint.find(fmt::format("({})", code)) != std::string_view::npos;
                     });
}

std::string NpmComplaint(const CommandResult& result) {
  if (result.timed_out) return "it did not end in time";
  std::string code;
  std::vector<std::string_view> told;
  for (std::string_view line : LinesOf(result.errors)) {
    const auto prefix = std::find_if(std::begin(kErrorPrefixes), std::end(kErrorPrefixes),
                                     [&](std::string_view p) { return line.starts_with(p); });
    if (prefix == std::end(kErrorPrefixes)) continue;
    line.remove_prefix(prefix->size());
    if (line.starts_with("code ")) {
      code = std::string(line.substr(5));
      continue;
    }
    const std::string_view word = line.substr(0, line.find(' '));
    if (IsTag(word, code)) {
      line.remove_prefix(std::min(word.size() + 1, line.size()));
    }
    const bool is_filler =
        line.empty() || std::any_of(std::begin(kFillers), std::end(kFillers),
                                    [&](std::string_view f) { return line.starts_with(f); });
    if (!is_filler) told.push_back(line);
  }
  // A number is the exit code of a script; its last words are at the end.
  const bool is_script = !code.empty() && IsDigit(code[0]);
  std::string text;
  if (!told.empty()) {
    text = std::string((is_script ? told.back() : told.front()).substr(0, kMaxLine));
    if (is_script) text = "an install script failed: " + text;
  } else if (const std::vector<std::string_view> lines = LinesOf(result.errors); !lines.empty()) {
    text = std::string(lines.back().substr(0, kMaxLine));
  } else {
    text = fmt::format("it ended with exit code {} and wrote nothing", result.exit_code);
  }
  return code.empty() || is_script ? text : fmt::format("{} ({})", text, code);
}

}  // namespace leaktrail
