// The bytes of HTTP/1.1 requests, made once for each path before the load begins.
//
// Cost: O(paths × (headers + body)). Threads: pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "experiment/load.h"

namespace leaktrail {

// One for each path. Host, Accept and Content-Length are added where no header gives them.
std::vector<std::string> RequestTexts(const LoadAddress& address, const LoadRequest& request,
                                      bool keep_alive);

// "Authorization: Basic …" for `user:password` (RFC 7617).
std::string BasicAuthorization(std::string_view user_and_password);

}  // namespace leaktrail
