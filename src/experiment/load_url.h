// A URL that load goes to: `http://127.0.0.1:3000/items?id=1`, `https://localhost:8443`,
// `http://[::1]:3000/`; without a scheme it is http, as ab does not allow and everybody types.
//
// Cost: parsing O(length); FindLoadAddress asks the resolver for names that are not this machine's,
// and tries both loopback addresses for `localhost` (Node may listen on either).
// Threads: from any.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "experiment/load.h"

namespace leaktrail {

struct LoadUrl {
  bool tls = false;
  std::string host;  // a name or a numeric address, without brackets
  uint16_t port = 0;
  std::string target;  // path and query; "" if the URL has none

  // "127.0.0.1:3000", "[::1]:3000"; the port that goes without saying is left out.
  std::string authority() const;
  // The whole, without its target.
  std::string origin() const;
};

Result<LoadUrl> ParseLoadUrl(std::string_view text);

enum class RemoteHosts : uint8_t { kRefused, kAllowed };

// Where to connect. Errors: the host is not this machine and that is not allowed, or has no
// address.
Result<LoadAddress> FindLoadAddress(const LoadUrl& url, RemoteHosts remote);

}  // namespace leaktrail
