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

}  // namespace

class RoundsRun::Experiment {
 public:
  Experiment(RoundDriver driver, const RoundsOptions& options)
      : driver_(std::move(driver)),
        options_(options),
        size_(SizeOptions(options)),
        heap_(GrowthOptionsOf(options)),
        external_(GrowthOptionsOf(options)),
        resident_(ResidentOptions(options)) {}

  const RoundsState& state() const { return state_; }

  Result<bool> Step() {
    step_begin_ = Clock::now();
    Result<bool> goes_on = is_warm_ ? CountedRound() : WarmUpRound();
    own_time_ += Clock::now() - step_begin_;
    return goes_on;
  }

 private:
  static RoundSizeOptions SizeOptions(const RoundsOptions& options) {
    RoundSizeOptions size;
    size.at_most = options.requests_per_round;
    size.seconds = options.round_seconds;
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

  // Inside Step.
  Clock::duration OwnTime() const { return own_time_ + (Clock::now() - step_begin_); }
  Clock::duration TimeSinceBegin() const { return Clock::now() - begin_ - paused_; }

  static double PartOf(Clock::duration time, std::chrono::milliseconds whole) {
    return std::chrono::duration<double>(time).count() /
           std::chrono::duration<double>(whole).count();
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
  Result<bool> WarmUpRound() {
    if (state_.warm_up.empty()) {
      begin_ = step_begin_;
      Result<MemoryReading> first = driver_.measure();
      if (!first) return tl::unexpected(first.error());
      last_ = *first;
    }
    const MemoryReading last = last_;
    Result<Round> round = RunRound();
    if (!round) return tl::unexpected(round.error());
    state_.warm_up.push_back(*round);
    Report(true);
    if (OwnTime() > options_.time_limit / 3) is_warm_ = true;
    if (is_warm_ || !size_.ramped_up()) return true;
    const double grown = GrownBytes(last, round->memory);
    const double each = grown / std::max<double>(static_cast<double>(round->requests), 1);
    const bool falls =
        growth_before_ < 0 || (each < kFallsNoMore * growth_before_ && grown > kQuietBytes);
    growth_before_ = each;
    ++full_rounds_;
    is_warm_ = full_rounds_ >= options_.max_warm_up || (full_rounds_ >= 2 && !falls);
    return true;
  }

  Result<bool> CountedRound() {
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
    const Clock::duration paused = Clock::now() - pause;
    paused_ += paused;
    own_time_ -= paused;
    return !IsOver();
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
    const double by_time = PartOf(TimeSinceBegin(), options_.min_time);
    // Load or room alone is not enough while the time is short: sessions and the like live for
    // seconds.
    state_.done_part = std::min(1.0, std::max({std::min(std::max(by_units, room), by_time),
                                               PartOf(OwnTime(), options_.enough_time),
                                               PartOf(OwnTime(), options_.time_limit)}));
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

  double ResidentGrowth() const {
    return state_.rounds.back().memory.resident - state_.rounds.front().memory.resident;
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
    const bool is_full = HeapGrowth() >= options_.max_heap_growth ||
                         ExternalGrowth() >= options_.max_external_growth;
    const bool enough_rounds = state_.rounds.size() >= options_.min_rounds;
    if (enough_rounds && state_.outcome == GrowthOutcome::kLeak && state_.done_part >= 1) {
      return ends(RoundsEnd::kSettled);
    }
    if (enough_rounds && state_.outcome == GrowthOutcome::kNoLeak &&
        (state_.units() >= kLeastFlatUnits || TimeSinceBegin() >= kLeastFlatTime)) {
      return ends(RoundsEnd::kSettled);
    }
    if (options_.max_resident_growth > 0 && ResidentGrowth() >= options_.max_resident_growth) {
      return ends(RoundsEnd::kGrownEnough);
    }
    // Twice the room is the end even while the time is short.
    if (is_full && (state_.done_part >= 1 || HeapGrowth() >= 2 * options_.max_heap_growth ||
                    ExternalGrowth() >= 2 * options_.max_external_growth)) {
      return ends(RoundsEnd::kGrownEnough);
    }
    if (OwnTime() >= options_.time_limit) return ends(RoundsEnd::kTimeUp);
    if (state_.rounds.size() >= options_.max_rounds) return ends(RoundsEnd::kRoundsUp);
    return false;
  }

  const RoundDriver driver_;
  const RoundsOptions options_;
  RoundSize size_;
  SequentialVerdict heap_, external_, resident_;
  RoundsState state_;
  MemoryReading last_;
  bool is_warm_ = false;
  double growth_before_ = -1;  // a request, in the last full round of the warm-up
  uint32_t full_rounds_ = 0;
  Clock::time_point begin_, step_begin_;
  Clock::duration own_time_{0};  // of the steps that are over, and less what after_round took
  Clock::duration paused_{0};
};

RoundsRun::RoundsRun(RoundDriver driver, const RoundsOptions& options)
    : experiment_(std::make_unique<Experiment>(std::move(driver), options)) {}
RoundsRun::~RoundsRun() = default;
RoundsRun::RoundsRun(RoundsRun&&) noexcept = default;
RoundsRun& RoundsRun::operator=(RoundsRun&&) noexcept = default;

Result<bool> RoundsRun::Step() { return experiment_->Step(); }
const RoundsState& RoundsRun::state() const { return experiment_->state(); }

double RoundsState::grown_bytes() const {
  if (rounds.empty()) return 0;
  const MemoryReading &a = rounds.front().memory, &b = rounds.back().memory;
  return std::max(b.heap_used - a.heap_used, 0.0) + std::max(b.external - a.external, 0.0);
}

double RoundsState::units() const {
  return rounds.empty() ? 0 : rounds.back().units - rounds.front().units;
}

Result<RoundsState> RunRounds(const RoundDriver& driver, const RoundsOptions& options) {
  RoundsRun run(driver, options);
  for (;;) {
    Result<bool> goes_on = run.Step();
    if (!goes_on) return tl::unexpected(goes_on.error());
    if (!*goes_on) return run.state();
  }
}

std::string ProgressOf(const RoundsState& state, bool warming_up, std::string_view unit) {
  if (warming_up) return fmt::format("warming up, {} {}s", state.answered, unit);
  std::string phase = fmt::format("round {}", state.rounds.size());
  if (unit == "request") phase += fmt::format(", {} requests", state.answered);
  if (state.heap.sample_count >= SequentialVerdict::kMinSamples) {
    phase += fmt::format(", {:+.0f} B per {} so far", state.heap.growth.per_unit, unit);
  }
  return phase;
}

bool GrowsOutsideHeap(const RoundsState& state) {
  const bool external = state.external.outcome == GrowthOutcome::kLeak;
  const bool heap = state.heap.outcome == GrowthOutcome::kLeak;
  return external && (!heap || state.external.growth.per_unit > state.heap.growth.per_unit);
}

}  // namespace leaktrail
