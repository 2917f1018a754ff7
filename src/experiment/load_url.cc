#include "experiment/load_url.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>

#include "base/ascii.h"
#include "base/socket_address.h"

namespace leaktrail {
namespace {

constexpr uint16_t kHttpPort = 80, kHttpsPort = 443;

tl::unexpected<Error> NoUrl(std::string_view text, std::string_view why) {
  return Fail(ErrorKind::kUsage, fmt::format("'{}' is not a URL to put load on: {}; write one like "
                                             "http://127.0.0.1:3000/",
                                             text, why));
}

bool IsClean(std::string_view text) {
  return std::none_of(text.begin(), text.end(),
                      [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == '\x7f'; });
}

bool IsThisMachinesName(const std::string& host) {
  return host == "localhost" || host.ends_with(".localhost");  // RFC 6761
}

// Whether somebody listens there. Loopback answers at once.
bool Listens(const char* host, uint16_t port) {
  const std::optional<SocketAddress> there = NumericAddress(host, port);
  if (!there) return false;
  const int fd = socket(there->family(), SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  const timeval patience{1, 0};  // a full backlog does not answer
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  const bool listens = connect(fd, there->any(), there->size) == 0;
  close(fd);
  return listens;
}

Result<std::string> Resolve(const std::string& host) {
  addrinfo wanted{};
  wanted.ai_family = AF_UNSPEC;
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int error = getaddrinfo(host.c_str(), nullptr, &wanted, &found); error != 0) {
    return Fail(ErrorKind::kEnvironment,
                fmt::format("there is no address for {} ({})", host, gai_strerror(error)));
  }
  char text[INET6_ADDRSTRLEN] = "";
  const void* address = found->ai_family == AF_INET
                            ? static_cast<const void*>(
                                  &reinterpret_cast<const sockaddr_in*>(found->ai_addr)->sin_addr)
                            : &reinterpret_cast<const sockaddr_in6*>(found->ai_addr)->sin6_addr;
  inet_ntop(found->ai_family, address, text, sizeof text);
  freeaddrinfo(found);
  return std::string(text);
}

}  // namespace

std::string LoadUrl::authority() const {
  const std::string shown = host.find(':') == std::string::npos ? host : fmt::format("[{}]", host);
  if (port == (tls ? kHttpsPort : kHttpPort)) return shown;
  return fmt::format("{}:{}", shown, port);
}

std::string LoadUrl::origin() const { return (tls ? "https://" : "http://") + authority(); }

Result<LoadUrl> ParseLoadUrl(std::string_view text) {
  LoadUrl url;
  if (text.empty()) return NoUrl(text, "it is empty");
  if (!IsClean(text)) return NoUrl(text, "it has a space or a control character");
  std::string_view rest = text;
  if (const size_t scheme_end = rest.find("://");
      scheme_end != std::string_view::npos && rest.find_first_of("/?#") == scheme_end + 1) {
    const std::string scheme = LowerCase(rest.substr(0, scheme_end));
    if (scheme != "http" && scheme != "https") return NoUrl(text, "only http and https are spoken");
    url.tls = scheme == "https";
    rest.remove_prefix(scheme_end + 3);
  }
  const size_t end = std::min(rest.find_first_of("/?#"), rest.size());
  std::string_view authority = rest.substr(0, end), target = rest.substr(end);
  target = target.substr(0, target.find('#'));  // a fragment is never sent
  if (authority.find('@') != std::string_view::npos) {
    return NoUrl(text, "a user and password go with -A USER:PASSWORD");
  }
  std::string_view port;
  if (authority.starts_with('[')) {
    const size_t close = authority.find(']');
    if (close == std::string_view::npos) return NoUrl(text, "the ] of the address is missing");
    url.host = authority.substr(1, close - 1);
    if (url.host.find(':') == std::string::npos || !IsNumericHost(url.host)) {
      return NoUrl(text, "what stands in [ ] is no IPv6 address");
    }
    port = authority.substr(close + 1);
    if (!port.empty() && port[0] != ':') return NoUrl(text, "a port stands behind a colon");
    if (!port.empty()) port.remove_prefix(1);
  } else {
    const size_t colon = authority.find(':');
    url.host = LowerCase(authority.substr(0, colon));
    if (colon != std::string_view::npos) port = authority.substr(colon + 1);
    if (port.find(':') != std::string_view::npos) {
      return NoUrl(text, "an IPv6 address stands in [ ]");
    }
    const bool has_port = colon != std::string_view::npos;
    if (has_port && port.empty()) return NoUrl(text, "the port is missing");
  }
  if (url.host.empty()) return NoUrl(text, "the host is missing");
  url.port = url.tls ? kHttpsPort : kHttpPort;
  if (!port.empty()) {
    const auto [last, error] = std::from_chars(port.data(), port.data() + port.size(), url.port);
    if (error != std::errc() || last != port.data() + port.size() || url.port == 0) {
      return NoUrl(text, fmt::format("{} is no port", port));
    }
  }
  if (target.starts_with('?')) url.target = "/";
  url.target += target;
  return url;
}

Result<LoadAddress> FindLoadAddress(const LoadUrl& url, RemoteHosts remote) {
  LoadAddress address;
  address.host = url.host;
  address.port = url.port;
  address.tls = url.tls;
  address.name = url.authority();
  if (IsNumericHost(url.host)) return address;
  address.server_name = url.host;
  if (IsThisMachinesName(url.host)) {
    const bool only_v6 = !Listens("127.0.0.1", url.port) && Listens("::1", url.port);
    address.host = only_v6 ? "::1" : "127.0.0.1";
    return address;
  }
  if (remote == RemoteHosts::kRefused) {
    return Fail(ErrorKind::kUsage,
                fmt::format("{} may be another machine; load goes to this one only (127.0.0.1, "
                            "[::1], localhost) unless --allow-remote is given",
                            url.host));
  }
  Result<std::string> resolved = Resolve(url.host);
  if (!resolved) return tl::unexpected(resolved.error());
  address.host = *resolved;
  return address;
}

}  // namespace leaktrail
