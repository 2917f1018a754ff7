// The names of a graph as numbers that two snapshots share.
//
// String indices differ from file to file; passes that compare snapshots, or look for many fixed
// names at once, compare 64-bit hashes instead. Equal text has equal hashes. Different texts with
// one hash are possible in principle; the passes only group and label by them, so the worst effect
// is a wrong group.
//
// Long texts (over 128 bytes) count by their length, beginning and end. The text is hashed as the
// file has it, escaped; V8 escapes the same way in every version.
//
// Cost: one sequential read of the string table, 8 bytes a string. Threads: frozen.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/array.h"
#include "base/hash.h"
#include "heap/graph.h"

namespace leaktrail {

constexpr uint64_t MixHash(uint64_t a, uint64_t b) {
  uint64_t h = a * 0x9E3779B97F4A7C15u ^ (b + 0x632BE59BD9B4E019u + (a << 6) + (a >> 2));
  h ^= h >> 32;
  h *= 0xD6E8FEB86659FD93u;
  return h ^ (h >> 32);
}

constexpr uint64_t HashName(std::string_view s) {
  constexpr size_t kLong = 128;
  if (s.size() <= kLong) return HashBytes(s);
  const uint64_t ends =
      HashBytes(s.substr(s.size() - kLong / 2), HashBytes(s.substr(0, kLong / 2)));
  return MixHash(ends, s.size());
}

class NameHashes {
 public:
  NameHashes() = default;
  explicit NameHashes(const HeapGraph& graph, unsigned threads = 1);
  uint64_t of(StringIndex i) const {
    return i.value() < hashes_.size() ? hashes_[i.value()] : HashName("");
  }

 private:
  Array<uint64_t> hashes_;
};

}  // namespace leaktrail
