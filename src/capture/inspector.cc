#include "capture/inspector.h"

#include <fmt/format.h>

#include <charconv>
#include <nlohmann/json.hpp>

#include "base/socket_address.h"

namespace leaktrail {
namespace {

// The text of what was thrown: an Error's description is its stack, of which the first line says
// most.
std::string ThrownText(const nlohmann::json& details) {
  std::string text = details.value("text", "an exception");
  if (const auto exception = details.find("exception"); exception != details.end()) {
    if (const auto description = exception->find("description"); description != exception->end()) {
      text = description->get<std::string>();
    } else if (const auto value = exception->find("value"); value != exception->end()) {
      text = value->is_string() ? value->get<std::string>() : value->dump();
    }
  }
  return text.substr(0, text.find('\n'));
}

}  // namespace

std::string ToString(const InspectorAddress& address) {
  const bool v6 = address.host.find(':') != std::string::npos;
  return v6 ? fmt::format("[{}]:{}", address.host, address.port)
            : fmt::format("{}:{}", address.host, address.port);
}

Result<InspectorAddress> ParseInspectorAddress(std::string_view text) {
  const auto wrong = [&] {
    return Fail(ErrorKind::kUsage,
                fmt::format("'{}' is not the address of an inspector; write it like "
                            "127.0.0.1:9229 or [::1]:9229 (names are not looked up)",
                            text));
  };
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return wrong();
  InspectorAddress address;
  const std::string_view digits = text.substr(colon + 1);
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), address.port);
  if (error != std::errc() || end != digits.data() + digits.size() || address.port == 0) {
    return wrong();
  }
  std::string host(text.substr(0, colon));
  if (host == "localhost") host = "127.0.0.1";
  const bool in_brackets = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (in_brackets) host = host.substr(1, host.size() - 2);
  const bool is_v6 = host.find(':') != std::string::npos;
  if (in_brackets != is_v6 || !IsNumericHost(host)) return wrong();
  address.host = host;
  return address;
}

Result<nlohmann::json> Inspector::Evaluate(std::string_view expression,
                                           const CallOptions& options) {
  const nlohmann::json params = {{"expression", expression},
                                 {"includeCommandLineAPI", true},
                                 {"returnByValue", true},
                                 {"awaitPromise", true},
                                 // Else an exception is also reported to the console and kept.
                                 {"silent", true}};
  Result<nlohmann::json> answer = Call("Runtime.evaluate", params, options);
  if (!answer) return answer;
  if (const auto details = answer->find("exceptionDetails"); details != answer->end()) {
    return Fail(ErrorKind::kEnvironment,
                fmt::format("the target's JavaScript failed: {}", ThrownText(*details)));
  }
  const auto result = answer->find("result");
  if (result == answer->end()) return nlohmann::json();
  const auto value = result->find("value");
  return value == result->end() ? nlohmann::json() : std::move(*value);
}

}  // namespace leaktrail
