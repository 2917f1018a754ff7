#include "experiment/request_texts.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace leaktrail {
namespace {

bool HasHeader(const LoadRequest& request, std::string_view name) {
  return std::any_of(request.headers.begin(), request.headers.end(), [&](const std::string& h) {
    return h.size() > name.size() && h[name.size()] == ':' &&
           strncasecmp(h.data(), name.data(), name.size()) == 0;
  });
}

std::string HostOf(const LoadAddress& address) {
  if (!address.name.empty()) return address.name;
  return address.host.find(':') != std::string::npos
             ? fmt::format("[{}]:{}", address.host, address.port)
             : fmt::format("{}:{}", address.host, address.port);
}

}  // namespace

std::vector<std::string> RequestTexts(const LoadAddress& address, const LoadRequest& request,
                                      bool keep_alive) {
  std::vector<std::string> texts;
  for (const std::string& path : request.paths) {
    std::string text = fmt::format("{} {} HTTP/1.1\r\n", request.method, path);
    if (!HasHeader(request, "host")) text += "Host: " + HostOf(address) + "\r\n";
    for (const std::string& header : request.headers) text += header + "\r\n";
    if (!HasHeader(request, "accept")) text += "Accept: */*\r\n";
    if (!request.content_type.empty() && !HasHeader(request, "content-type")) {
      text += "Content-Type: " + request.content_type + "\r\n";
    }
    const bool may_have_body = request.method != "GET" && request.method != "HEAD";
    if ((!request.body.empty() || may_have_body) && !HasHeader(request, "content-length")) {
      text += fmt::format("Content-Length: {}\r\n", request.body.size());
    }
    if (!keep_alive && !HasHeader(request, "connection")) text += "Connection: close\r\n";
    texts.push_back(text + "\r\n" + request.body);
  }
  return texts;
}

std::string BasicAuthorization(std::string_view user_and_password) {
  static constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out = "Authorization: Basic ";
  for (size_t i = 0; i < user_and_password.size(); i += 3) {
    const std::string_view piece = user_and_password.substr(i, 3);
    uint32_t bits = 0;
    for (size_t k = 0; k < 3; ++k) {
      bits = bits << 8 | (k < piece.size() ? static_cast<unsigned char>(piece[k]) : 0u);
    }
    for (size_t k = 0; k < 4; ++k) {
      out += k <= piece.size() ? kDigits[bits >> (18 - 6 * k) & 63] : '=';
    }
  }
  return out;
}

}  // namespace leaktrail
