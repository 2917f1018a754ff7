#include "experiment/inspector_port.h"

#include <algorithm>

namespace leaktrail {
namespace {

constexpr uint16_t kFirst = 20'000, kEnd = 32'000;
constexpr uint16_t kPlaces = kEnd - kFirst - kInspectorPorts;

}  // namespace

uint16_t ChooseInspectorPort(std::span<const uint16_t> used, uint64_t draw) {
  const uint16_t start = static_cast<uint16_t>(draw % kPlaces);
  uint16_t best = kFirst + start;
  int64_t fewest = kInspectorPorts;
  for (uint16_t i = 0; i < kPlaces && fewest > 0; ++i) {
    const uint16_t port = kFirst + static_cast<uint16_t>((start + i) % kPlaces);
    const int64_t taken = std::count_if(used.begin(), used.end(), [&](uint16_t u) {
      return u >= port && u < port + kInspectorPorts;
    });
    if (taken >= fewest) continue;
    best = port;
    fewest = taken;
  }
  return best;
}

}  // namespace leaktrail
