#include "experiment/rounds.h"

#include <fmt/format.h>

#include <algorithm>

namespace leaktrail {
namespace {

using Clock = std::chrono::steady_clock;

// A round that grew by more than this part of the one before is not falling any more.
constexpr double kFallsNoMore = 0.7;
// Growth of one round that a warming-up is not over for.
constexpr double kQuietBytes = 64 * 1024;
// "No leak" needs some load too: what leaks may come late.
constexpr double kLeastFlatUnits = 10'000;
constexpr std::chrono::milliseconds kLeastFlatTime{6'000};
// Rounds that must fit before the room to grow is used up.
constexpr double kRoundsInRoom = 30;
// Resident memory moves in larger steps, and a small trend of it means nothing.
constexpr double kResidentBytes = 16e6;

class Experiment {
 public:
  Experiment(const RoundDriver& driver, const RoundsOptions& options)
      : driver_(driver),
        options_(options),
        size_(SizeOptions(options)),
        heap_(GrowthOptionsOf(options)),
        external_(GrowthOptionsOf(options)),
        resident_(ResidentOptions(options)) {}

  Result<RoundsState> Run() {
    begin_ = Clock::now();
    Result<MemoryReading> first = driver_.measure();
    if (!first) return tl::unexpected(first.error());
    last_ = *first;
    if (Result<void> warm = WarmUp(); !warm) return tl::unexpected(warm.error());
    for (;;) {
      Result<Round> round = RunRound();
      if (!round) return tl::unexpected(round.error());
      state_.rounds.push_back(*round);
      Judge(*round);
      Report(false);
      const Clock::time_point pause = Clock::now();
      if (driver_.after_round) {
        if (Result<void> after = driver_.after_round(state_); !after) {
          return tl::unexpected(after.error());
        }
      }
      not_counted_ += Clock::now() - pause;
      if (IsOver()) return std::move(state_);
    }
  }

 private:
  static RoundSizeOptions SizeOptions(const RoundsOptions& options) {
    RoundSizeOptions size;
    size.at_most = options.requests_per_round;
    size.growth_bytes = options.max_heap_growth / kRoundsInRoom;
    return size;
  }
  static GrowthOptions GrowthOptionsOf(const RoundsOptions& options) {
    GrowthOptions growth;
    growth.false_alarm_bound = options.false_alarm_bound / 2;
    growth.planned_samples = options.max_rounds;
    growth.relevant_per_unit = options.relevant_per_unit;
    return growth;
  }
  static GrowthOptions ResidentOptions(const RoundsOptions& options) {
    GrowthOptions growth;
    growth.false_alarm_bound = options.false_alarm_bound;
    growth.relevant_per_unit = options.relevant_per_unit;
    growth.relevant_bytes = kResidentBytes;
    return growth;
  }

  Clock::duration Elapsed() const { return Clock::now() - begin_ - not_counted_; }

  double PartOf(std::chrono::milliseconds time) const {
    return std::chrono::duration<double>(Elapsed()).count() /
           std::chrono::duration<double>(time).count();
  }

  void Report(bool warming_up) const {
    if (driver_.on_progress) driver_.on_progress(state_, warming_up);
  }

  // As bytes of the heap: there is more room outside it.
  double GrownBytes(const MemoryReading& before, const MemoryReading& after) const {
    return std::max(after.heap_used - before.heap_used, 0.0) +
           std::max(after.external - before.external, 0.0) * options_.max_heap_growth /
               options_.max_external_growth;
  }

  Result<Round> RunRound() {
    if (options_.cancel != nullptr && options_.cancel->cancelled()) {
      return Fail(ErrorKind::kInterrupted, "interrupted");
    }
    const uint64_t requests = size_.Next();
    Result<LoadResult> load = driver_.load(requests);
    if (!load) return tl::unexpected(load.error());
    Result<MemoryReading> memory = driver_.measure();
    if (!memory) return tl::unexpected(memory.error());
    state_.errors.connect += load->errors.connect;
    state_.errors.closed += load->errors.closed;
    state_.errors.timeout += load->errors.timeout;
    state_.errors.malformed += load->errors.malformed;
    state_.errors.status += load->errors.status;
    state_.answered += load->completed;
    state_.load_seconds += load->seconds;
    size_.Learn(load->tried(), load->seconds, GrownBytes(last_, *memory));
    last_ = *memory;
    return Round{load->completed, static_cast<double>(state_.answered) * options_.units_each,
                 load->seconds, *memory};
  }

  // First the ramp, in which a round is three times the one before; then until growth no longer
  // falls. What still decays after that is for the verdict to see.
  Result<void> WarmUp() {
    double before = -1;
    uint32_t full_rounds = 0;
    for (;;) {
      const MemoryReading last = last_;
      Result<Round> round = RunRound();
      if (!round) return tl::unexpected(round.error());
      state_.warm_up.push_back(*round);
      Report(true);
      if (Elapsed() > options_.time_limit / 3) return {};
      if (!size_.ramped_up()) continue;
      const double grown = GrownBytes(last, round->memory);
      const double each = grown / std::max<double>(static_cast<double>(round->requests), 1);
      const bool falls = before < 0 || (each < kFallsNoMore * before && grown > kQuietBytes);
      before = each;
      if (++full_rounds >= options_.max_warm_up || (full_rounds >= 2 && !falls)) return {};
    }
  }

  void Judge(const Round& round) {
    const MemoryReading& m = round.memory;
    state_.heap = heap_.Add({round.units, m.heap_used});
    state_.external = external_.Add({round.units, m.external});
    state_.resident = resident_.Add({round.units, m.resident});
    state_.outcome = Together();
    const double by_units = state_.units() / options_.min_units;
    const double room = std::max(HeapGrowth() / options_.max_heap_growth,
                                 ExternalGrowth() / options_.max_external_growth);
    const double by_time = PartOf(options_.min_time);
    // Load or room alone is not enough while the time is short: sessions and the like live for
    // seconds.
    state_.done_part =
        std::min(1.0, std::max({std::min(std::max(by_units, room), by_time),
                                PartOf(options_.enough_time), PartOf(options_.time_limit)}));
  }

  GrowthOutcome Together() const {
    const auto either = [&](GrowthOutcome o) {
      return state_.heap.outcome == o || state_.external.outcome == o;
    };
    for (const GrowthOutcome o :
         {GrowthOutcome::kLeak, GrowthOutcome::kGoOn, GrowthOutcome::kInconclusive}) {
      if (either(o)) return o;
    }
    return GrowthOutcome::kNoLeak;
  }

  double HeapGrowth() const {
    return state_.rounds.back().memory.heap_used - state_.rounds.front().memory.heap_used;
  }
  double ExternalGrowth() const {
    return state_.rounds.back().memory.external - state_.rounds.front().memory.external;
  }

  bool IsOver() {
    const auto ends = [&](RoundsEnd end) {
      state_.end = end;
      state_.heap = heap_.Finish();
      state_.external = external_.Finish();
      state_.resident = resident_.Finish();
      state_.outcome = Together();
      return true;
    };
    const Clock::duration elapsed = Elapsed();
    const bool is_full = HeapGrowth() >= options_.max_heap_growth ||
                         ExternalGrowth() >= options_.max_external_growth;
    if (state_.outcome == GrowthOutcome::kLeak && state_.done_part >= 1) {
      return ends(RoundsEnd::kSettled);
    }
    if (state_.outcome == GrowthOutcome::kNoLeak &&
        (state_.units() >= kLeastFlatUnits || elapsed >= kLeastFlatTime)) {
      return ends(RoundsEnd::kSettled);
    }
    // Twice the room is the end even while the time is short.
    if (is_full && (state_.done_part >= 1 || HeapGrowth() >= 2 * options_.max_heap_growth ||
                    ExternalGrowth() >= 2 * options_.max_external_growth)) {
      return ends(RoundsEnd::kGrownEnough);
    }
    if (elapsed >= options_.time_limit) return ends(RoundsEnd::kTimeUp);
    if (state_.rounds.size() >= options_.max_rounds) return ends(RoundsEnd::kRoundsUp);
    return false;
  }

  const RoundDriver& driver_;
  const RoundsOptions& options_;
  RoundSize size_;
  SequentialVerdict heap_, external_, resident_;
  RoundsState state_;
  MemoryReading last_;
  Clock::time_point begin_;
  Clock::duration not_counted_{0};
};

}  // namespace

double RoundsState::grown_bytes() const {
  if (rounds.empty()) return 0;
  const MemoryReading &a = rounds.front().memory, &b = rounds.back().memory;
  return std::max(b.heap_used - a.heap_used, 0.0) + std::max(b.external - a.external, 0.0);
}

double RoundsState::units() const {
  return rounds.empty() ? 0 : rounds.back().units - rounds.front().units;
}

Result<RoundsState> RunRounds(const RoundDriver& driver, const RoundsOptions& options) {
  return Experiment(driver, options).Run();
}

}  // namespace leaktrail
