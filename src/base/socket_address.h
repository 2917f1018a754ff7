// Numeric addresses of the network as the system's calls take them. No name is looked up.
//
// Cost: none to speak of. Threads: any.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <optional>
#include <string>

namespace leaktrail {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;

  int family() const { return storage.ss_family; }
  const sockaddr* any() const { return reinterpret_cast<const sockaddr*>(&storage); }
  sockaddr* any() { return reinterpret_cast<sockaddr*>(&storage); }
  uint16_t port() const;
  bool is_loopback() const;  // 127.0.0.0/8 and ::1
};

// "127.0.0.1", "::1" (without brackets); nothing if it is neither.
std::optional<SocketAddress> NumericAddress(const std::string& host, uint16_t port);
bool IsNumericHost(const std::string& host);

// A port of 127.0.0.1 that nobody listens on at this moment; 0 if there is none.
uint16_t FreeLoopbackPort();

}  // namespace leaktrail
