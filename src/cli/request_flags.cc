#include "cli/request_flags.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

namespace leaktrail {

bool IsHeaderText(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) < ' ' && c != '\t') || c == '\x7f';
  });
}

bool IsMethod(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  });
}

Result<void> CheckHeaders(const std::vector<std::string>& headers) {
  for (const std::string& header : headers) {
    const size_t colon = header.find(':');
    const bool has_name = colon != std::string::npos && colon > 0 &&
                          header.substr(0, colon).find_first_of(" \t") == std::string::npos;
    if (!has_name || !IsHeaderText(header)) {
      return Fail(ErrorKind::kUsage, fmt::format("-H takes 'Name: value', not '{}'", header));
    }
  }
  return {};
}

Result<std::string> ReadBody(const std::string& file) {
  std::error_code error;
  std::ifstream in;
  if (!std::filesystem::is_directory(file, error)) in.open(file, std::ios::binary);
  if (!in.is_open()) {
    return Fail(ErrorKind::kEnvironment, fmt::format("cannot read the body file {}", file));
  }
  return std::string(std::istreambuf_iterator<char>(in), {});
}

}  // namespace leaktrail
