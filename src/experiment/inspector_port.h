// The port that a service's processes would open their inspector on, if it is asked for later.
//
//   NODE_OPTIONS=--inspect-port=24310
//     the service                      24310
//     its cluster workers, if any      24311, 24312, …    Node counts them up itself
//
// Port 0, "any", is not for a cluster: Node counts up from it too, and no worker starts on port 1.
// Processes that share the number do not mind, as nothing is opened but in the one that is attached.
//
// Cost: none. Threads: pure.
#pragma once

#include <cstdint>
#include <span>

namespace leaktrail {

// How many ports from the chosen one on are free.
constexpr uint16_t kInspectorPorts = 64;

// Below those that the kernel gives to clients. `draw` is any number, a different one each time.
// The least bad, if `used` leaves no such place.
uint16_t ChooseInspectorPort(std::span<const uint16_t> used, uint64_t draw);

}  // namespace leaktrail
