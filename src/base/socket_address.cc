#include "base/socket_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <unistd.h>

namespace leaktrail {
namespace {

const sockaddr_in& AsV4(const sockaddr_storage& storage) {
  return reinterpret_cast<const sockaddr_in&>(storage);
}

const sockaddr_in6& AsV6(const sockaddr_storage& storage) {
  return reinterpret_cast<const sockaddr_in6&>(storage);
}

}  // namespace

uint16_t SocketAddress::port() const {
  return ntohs(family() == AF_INET6 ? AsV6(storage).sin6_port : AsV4(storage).sin_port);
}

bool SocketAddress::is_loopback() const {
  if (family() == AF_INET6) return IN6_IS_ADDR_LOOPBACK(&AsV6(storage).sin6_addr);
  return family() == AF_INET && (ntohl(AsV4(storage).sin_addr.s_addr) >> 24) == IN_LOOPBACKNET;
}

std::optional<SocketAddress> NumericAddress(const std::string& host, uint16_t port) {
  SocketAddress out;
  auto& v4 = reinterpret_cast<sockaddr_in&>(out.storage);
  auto& v6 = reinterpret_cast<sockaddr_in6&>(out.storage);
  if (inet_pton(AF_INET, host.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    out.size = sizeof v4;
    return out;
  }
  if (inet_pton(AF_INET6, host.c_str(), &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    out.size = sizeof v6;
    return out;
  }
  return std::nullopt;
}

bool IsNumericHost(const std::string& host) { return NumericAddress(host, 0).has_value(); }

uint16_t FreeLoopbackPort() {
  std::optional<SocketAddress> address = NumericAddress("127.0.0.1", 0);
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return 0;
  const bool is_bound = bind(fd, address->any(), address->size) == 0 &&
                        getsockname(fd, address->any(), &address->size) == 0;
  close(fd);
  return is_bound ? address->port() : 0;
}

}  // namespace leaktrail
