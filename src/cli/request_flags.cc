#include "cli/request_flags.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

namespace leaktrail {

namespace {

// Letters, digits, - and _.
bool IsMethod(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  });
}

// Each is 'Name: value'.
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

}  // namespace

bool IsHeaderText(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) < ' ' && c != '\t') || c == '\x7f';
  });
}

void AddRequestFlags(Verb* verb, RequestArguments* a, const std::string& type_help) {
  verb->Text("-m,--method", "METHOD", &a->method, "GET, or POST if there is a body")
      .Texts("-H,--header", "'NAME: VALUE'", &a->headers, "a header of each request")
      .Text("-p,--body", "FILE", &a->body_file, "the body of each request")
      .Text("-T,--content-type", "TYPE", &a->content_type, type_help);
}

Result<void> ApplyTo(const RequestArguments& a, const std::string& usual_type,
                     LoadRequest* request) {
  if (Result<void> checked = CheckHeaders(a.headers); !checked) return checked;
  request->headers.insert(request->headers.end(), a.headers.begin(), a.headers.end());
  request->content_type = a.content_type;
  if (!a.body_file.empty()) {
    Result<std::string> body = ReadBody(a.body_file);
    if (!body) return tl::unexpected(body.error());
    request->body = std::move(*body);
    request->method = "POST";
    if (request->content_type.empty()) request->content_type = usual_type;
  }
  if (!a.method.empty()) request->method = a.method;
  if (IsMethod(request->method)) return {};
  return Fail(ErrorKind::kUsage,
              fmt::format("-m takes the name of a method, like PUT, not '{}'", request->method));
}

}  // namespace leaktrail
