// Random snapshots full of the shapes that the rules speak of: unreachable cycles and orphans,
// hubs, self loops, WeakMap pairs, map descriptors, joined strings, shared and owned stores, plain
// objects with common and rare properties, detached native nodes, odd names.
//
// The same seed and options give the same model on every machine.
#pragma once

#include <cstdint>

#include "tests/support/snapshot_model.h"

namespace leaktrail::testing {

struct RandomOptions {
  uint32_t node_count = 60;
  double edges_per_node = 2.5;
  bool large_sizes = false;  // self sizes and element indices that do not fit in 32 or 29 bits
  bool user_roots = true;    // without, as with exposeInternals
};

SnapshotModel RandomSnapshot(uint64_t seed, const RandomOptions& options = {});

// xorshift64*: small, and the same everywhere, which <random>'s distributions are not.
class RandomNumbers {
 public:
  explicit RandomNumbers(uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15u + 1) {
    for (int i = 0; i < 4; ++i) Next();
  }
  uint64_t Next() {
    state_ ^= state_ >> 12;
    state_ ^= state_ << 25;
    state_ ^= state_ >> 27;
    return state_ * 0x2545F4914F6CDD1Du;
  }
  // 0 <= result < n
  uint32_t Below(uint32_t n) { return static_cast<uint32_t>((Next() >> 32) * n >> 32); }
  bool OneIn(uint32_t n) { return Below(n) == 0; }

 private:
  uint64_t state_;
};

}  // namespace leaktrail::testing
