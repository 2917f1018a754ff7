// DevTools' Statistics view, from shallow sizes.
#pragma once

#include <cstdint>

#include "analysis/sizes.h"
#include "heap/graph.h"

namespace leaktrail {

struct HeapStatistics {
  uint64_t total = 0;         // all nodes and extra_native_bytes
  uint64_t native_total = 0;  // type native, and extra_native_bytes
  uint64_t typed_arrays = 0;  // array buffers' backing stores, part of native_total
  uint64_t code = 0;
  uint64_t strings = 0;
  uint64_t js_arrays = 0;
  uint64_t system = 0;
};
HeapStatistics ComputeStatistics(const HeapGraph& graph, const ShallowSizes& shallow);

}  // namespace leaktrail
