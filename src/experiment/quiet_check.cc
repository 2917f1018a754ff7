#include "experiment/quiet_check.h"

#include <algorithm>

namespace leaktrail {
namespace {

using std::chrono::milliseconds;

// So that find, with its snapshots and their analysis, seldom takes more than 90 seconds.
constexpr milliseconds kWatchedInAll{45'000}, kLongest{28'000};
// Where memory falls: so long between two readings, and so long at most.
constexpr milliseconds kPause{6'000}, kAtMostMore{24'000};
// Less between two readings is no fall.
constexpr double kFalls = 0.05;
// Of the requests of a round.
constexpr uint64_t kLittle = 10;

}  // namespace

milliseconds QuietTime(milliseconds watched, const RoundsOptions& options) {
  const milliseconds left = std::min(kWatchedInAll, options.time_limit) - watched;
  return std::max(std::clamp(left, milliseconds(0), kLongest), options.max_settle);
}

Result<QuietFinding> CheckQuiet(const RoundsState& rounds, milliseconds wait,
                                const QuietDriver& driver) {
  const MemoryReading& first = rounds.rounds.front().memory;
  const MemoryReading& last = rounds.rounds.back().memory;
  const auto grown = [&](const MemoryReading& m) {
    return std::max(m.heap_used - first.heap_used, 0.0) +
           std::max(m.external - first.external, 0.0);
  };
  uint64_t requests = 0;
  for (const Round& round : rounds.rounds) requests += round.requests;
  const uint64_t little = std::max<uint64_t>(requests / rounds.rounds.size() / kLittle, 1);
  QuietFinding finding;
  const auto look = [&](milliseconds pause) -> Result<void> {
    if (Result<void> waited = driver.wait(pause); !waited) return waited;
    finding.seconds += std::chrono::duration<double>(pause).count();
    if (Result<LoadResult> load = driver.load(little); !load) return tl::unexpected(load.error());
    Result<MemoryReading> now = driver.measure();
    if (!now) return tl::unexpected(now.error());
    finding.gone = grown(last) > 0 ? std::max(1 - grown(*now) / grown(last), 0.0) : 0;
    return {};
  };
  if (Result<void> looked = look(wait); !looked) return tl::unexpected(looked.error());
  for (milliseconds more{0}; more < kAtMostMore; more += kPause) {
    if (!finding.doubtful() || finding.let_go()) break;
    const double before = finding.gone;
    if (Result<void> looked = look(kPause); !looked) return tl::unexpected(looked.error());
    if (finding.gone < before + kFalls) break;
  }
  return finding;
}

}  // namespace leaktrail
