// A source map (version 3): from a place in generated code to the one in the original.
//
// Format: sourcemaps.info/spec.html. Index maps (`sections`) and names are not read.
//
// Cost: O(size) to read; a search to ask. Threads: frozen.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace leaktrail {

struct OriginalPlace {
  std::string source;             // as the map has it, with sourceRoot in front
  uint32_t line = 0, column = 0;  // 1-based
};

class SourceMap {
 public:
  static Result<SourceMap> Parse(std::string_view text);
  // Lines and columns from 1. The nearest mapping at or before the place, else the first one of its
  // line.
  std::optional<OriginalPlace> Find(uint32_t line, uint32_t column) const;

 private:
  struct Segment {
    uint32_t column = 0;  // from 0, of the generated line
    uint32_t source = 0, line = 0, original_column = 0;
  };
  std::vector<std::string> sources_;
  std::vector<std::vector<Segment>> lines_;
};

}  // namespace leaktrail
