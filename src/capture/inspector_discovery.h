// The HTTP side of an inspector: /json/version and /json/list.
//
// Threads: from any.
#pragma once

#include <string>

#include "base/result.h"
#include "capture/inspector.h"
#include "capture/tcp_connect.h"

namespace leaktrail {

// The path of the main thread's WebSocket, "/4f1c…".
Result<std::string> FindWebSocketPath(const InspectorAddress& address,
                                      const InspectorOptions& options, SteadyTime deadline);

}  // namespace leaktrail
