// Whether what grew under load is let go without it.
//
// Sessions, sliding windows and whatever else lives for a time grow with the load just as a leak
// does, for as long as they live. So before growth is called a leak nothing is asked of the service
// for a while; then a little, since some services look through what they keep only when they are
// asked; then its memory is read.
//
//   rounds of load ─▶ quiet ─▶ a little load ─▶ read      What lives for less than the quiet is gone by
//                       ▲                        │        then; of what lives for t longer, all that is
//                       └── while memory falls ──┘        older than that.
//
// Cost: the wait, and up to 24 s more where memory falls.
// Threads: one at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>

#include "base/result.h"
#include "experiment/rounds.h"

namespace leaktrail {

struct QuietDriver {
  std::function<Result<void>(std::chrono::milliseconds)> wait;
  std::function<Result<LoadResult>(uint64_t requests)> load;
  std::function<Result<MemoryReading>()> measure;
};

struct QuietFinding {
  double gone = 0;  // 0…1 of what grew in the rounds
  double seconds = 0;

  // Less is what heaps do by themselves when they are idle, or what lives beside a leak.
  bool doubtful() const { return gone >= 0.25; }
  bool let_go() const { return gone >= 0.8; }
};

// The longer the service was watched, the less there is to wait for: what lives for a shorter time
// had begun to end. Never less than the longest settling, which the user may set.
std::chrono::milliseconds QuietTime(std::chrono::milliseconds watched,
                                    const RoundsOptions& options);

// After rounds that ended with growth.
Result<QuietFinding> CheckQuiet(const RoundsState& rounds, std::chrono::milliseconds wait,
                                const QuietDriver& driver);

}  // namespace leaktrail
