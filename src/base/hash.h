// FNV-1a, 64 bits (G. Fowler, L. C. Noll, K.-P. Vo): for names and short texts; not against an
// adversary.
#pragma once

#include <cstdint>
#include <string_view>

namespace leaktrail {

// With the hash of what came before as `h`, texts are hashed in pieces.
constexpr uint64_t HashBytes(std::string_view s, uint64_t h = 0xCBF29CE484222325u) {
  for (const char c : s) h = (h ^ static_cast<uint8_t>(c)) * 0x100000001B3u;
  return h;
}

}  // namespace leaktrail
