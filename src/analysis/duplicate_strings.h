// String values that the heap holds more than once.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "analysis/sizes.h"
#include "heap/graph.h"

namespace leaktrail {

struct DuplicateString {
  std::string text;  // as the snapshot has it: V8 cuts at 1024 units
  uint64_t count = 0;
  uint64_t total_size = 0;   // shallow sizes of all copies
  uint64_t wasted_size = 0;  // all copies but the largest
  NodeIndex example;
};
// Most wasted first, then text. DevTools' duplicatedStrings filter: string and concatenated string
// nodes of size > 0.
std::vector<DuplicateString> FindDuplicateStrings(const HeapGraph& graph,
                                                  const ShallowSizes& shallow);

}  // namespace leaktrail
