// Several paths of which some are asked for more often: `/a=3` three times as often as `/b`.
//
// Turns are spread as nginx spreads requests over weighted servers (smooth weighted round-robin,
// ngx_http_upstream_round_robin.c): a a b a, not a a a b. After as many turns as the weights add up
// to, each path has had exactly its share. Without weights paths are taken in turn.
//
// Cost: O(paths) a turn. Threads: one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace leaktrail {

struct WeightedPath {
  std::string path;
  uint32_t weight = 1;
};

// "/a", "/a=3", and "3:/a?id=7" where an `=` belongs to a query.
Result<WeightedPath> ParseWeightedPath(std::string_view text);

class PathTurns {
 public:
  // Missing weights are 1.
  PathTurns(size_t path_count, const std::vector<uint32_t>& weights);
  uint32_t Next();

 private:
  std::vector<int64_t> weights_, credit_;
  int64_t sum_ = 0;
};

}  // namespace leaktrail
