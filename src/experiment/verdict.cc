#include "experiment/verdict.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <span>

#include "experiment/robust_trend.h"

namespace leaktrail {
namespace {

constexpr size_t kQuarters = 4;
// Of the mean gain from quarter to quarter: less than that is a pause, and a leak makes none.
constexpr double kLeastQuarterGain = 0.25;
// Of the early half's rate: less than that is slowing down.
constexpr double kLeastLateRate = 0.5;
// Growth along the trend over the range of what is left around it. A saw of two teeth has 0.9.
constexpr double kLeastGrowthToRange = 1.2;
// Growth so many times the range of what is left around it cannot come from that.
constexpr double kPlainGrowthToRange = 8;
// Of the growth: a leak gives nothing back, so who loses more at once, beside the usual swings, may be
// a saw whose first tooth ends here. The next sample tells.
constexpr double kLargestFall = 0.5;
// The late half answers a question that is asked only after the trend is proven.
constexpr double kLateZ = 1.645;
// Fewer samples of the late half say nothing alone.
constexpr size_t kLeastLateSamples = 6;
// Two-sided 98 %: how sure "no leak" is where nothing swings.
constexpr double kFlatZ = 2.326;
constexpr double kPowerZ = 1.282;  // 90 %
// Of the relevant growth: a late half that surely grows by more speaks against a flat whole.
constexpr double kNegligiblePart = 0.125;
// As much is no leak if the whole interval lies below it: half of what would be one.
constexpr double kSurelySmallPart = 0.5;
// Of the relevant growth over the load: swings larger than so many times that could hide it. There
// is only one last look, and it has the most load: it may be wider.
constexpr double kLargestSwingToRelevant = 1.5;
constexpr double kLargestSwingAtTheEnd = 3;
constexpr size_t kMinLastLook = 16;
// Swings smaller than this part cannot hide it by chance: a leak and a saw that cancel each other in
// every sample are too unlikely. With larger ones "no leak" has to hold at the level of the look.
constexpr double kQuietSwingToRelevant = 0.15;
// Of the range: a fall by more ends a tooth.
constexpr double kFallOfTooth = 0.4;
// A forecast beyond this tells nobody anything.
constexpr double kFurthestForecast = 100;

double Median(std::vector<double> values) {
  const size_t middle = values.size() / 2;
  std::nth_element(values.begin(), values.begin() + static_cast<long>(middle), values.end());
  return values[middle];
}

// The smallest gain between neighbouring quarters over the mean one; 0 if there is no gain at all.
double SmallestQuarterGain(std::span<const GrowthSample> samples) {
  std::array<double, kQuarters> level{};
  for (size_t q = 0; q < kQuarters; ++q) {
    const size_t begin = samples.size() * q / kQuarters;
    const size_t end = samples.size() * (q + 1) / kQuarters;
    std::vector<double> bytes;
    for (size_t i = begin; i < end; ++i) bytes.push_back(samples[i].bytes);
    level[q] = Median(std::move(bytes));
  }
  const double mean = (level[kQuarters - 1] - level[0]) / (kQuarters - 1);
  if (mean <= 0) return 0;
  double smallest = level[1] - level[0];
  for (size_t q = 2; q < kQuarters; ++q) smallest = std::min(smallest, level[q] - level[q - 1]);
  return smallest / mean;
}

struct Look {
  RobustTrend all, early, late;
  size_t late_count = 0;
  double units = 0;     // from the first sample to the last
  double z_needed = 0;  // of this look
  double z_sure = 0;    // of "no leak" where there are swings
  double goes_on = 0;   // smallest gain between quarters, relative
  bool significant = false;
  bool above_range = false;
  bool is_kept = false;  // the last sample still has it
  bool enough_bytes = false;
  bool enough_units = false;
  bool continues = false;
};

// How far the last sample lies below the line.
double FallBelowLine(std::span<const GrowthSample> samples, double slope) {
  std::vector<double> above;
  for (const GrowthSample& s : samples) above.push_back(s.bytes - slope * s.units);
  const double last = above.back();
  return Median(std::move(above)) - last;
}

// `done` units in all, of which the samples may leave out the first and last.
Look Examine(std::span<const GrowthSample> samples, const GrowthOptions& options, double level,
             double done) {
  Look look;
  const size_t half = samples.size() / 2;
  look.z_needed = NormalQuantile(level);
  // Half of it for the whole and half for the late half.
  look.z_sure = NormalQuantile(level / 2);
  look.all = ComputeTrend(samples, NormalQuantile(options.false_alarm_bound / 2), look.z_sure);
  look.early = ComputeTrend(samples.first(half + 1), kFlatZ);
  look.late = ComputeTrend(samples.subspan(half), kFlatZ, look.z_sure);
  look.late_count = samples.size() - half;
  look.units = samples.back().units - samples.front().units;
  look.goes_on = SmallestQuarterGain(samples);
  const double grown = look.all.slope * look.units;
  // Serial dependence lets noise look like a trend, but not like one that is far larger than itself.
  const bool is_plain = grown >= kPlainGrowthToRange * look.all.residual_range;
  const double z = look.all.z * (is_plain ? std::sqrt(look.all.inflation) : 1);
  look.significant = z >= look.z_needed;
  look.above_range = grown >= kLeastGrowthToRange * look.all.residual_range;
  look.is_kept = FallBelowLine(samples, look.all.slope) <=
                 look.all.residual_range + kLargestFall * std::max(grown, 0.0);
  look.enough_bytes = grown >= options.relevant_bytes;
  look.enough_units = done >= options.min_units;
  look.continues = look.goes_on >= kLeastQuarterGain && look.late.z >= kLateZ &&
                   look.late.slope >= kLeastLateRate * look.early.slope;
  return look;
}

// The lowest sample of each tooth: what a heap falls back to, freed of most of its swings. A tooth
// ends where the bytes fall by a good part of their range; the one that was under way at the start
// is left out.
std::vector<GrowthSample> FloorOf(std::span<const GrowthSample> samples, double range) {
  std::vector<GrowthSample> floor;
  bool in_tooth = false;
  for (size_t i = 1; i < samples.size(); ++i) {
    const bool falls = samples[i].bytes - samples[i - 1].bytes < -kFallOfTooth * range;
    if (falls) {
      floor.push_back(samples[i]);
      in_tooth = true;
    } else if (in_tooth && samples[i].bytes < floor.back().bytes) {
      floor.back() = samples[i];
    }
  }
  return floor;
}

bool IsLeak(const Look& look) {
  return look.significant && look.above_range && look.is_kept && look.enough_bytes &&
         look.enough_units && look.continues;
}

// Half the width of an interval at `z`, as one standard error.
double ErrorOf(const RobustTrend& trend, double z) { return (trend.high - trend.low) / (2 * z); }

enum class Turn : uint8_t { kOneOfMany, kLast };

// Said after every sample, "no leak" has as many chances to be wrong as "leak" has, so where the
// heap swings it needs as much proof. In the last look the whole needs less, since it comes once;
// that growth has stopped, not: the late half has half of the load.
bool IsFlat(const Look& look, const GrowthOptions& options, Turn turn = Turn::kOneOfMany) {
  const double relevant = options.relevant_per_unit;
  const double negligible = relevant * kNegligiblePart;
  const bool is_last = turn == Turn::kLast;
  const double largest_swing = is_last ? kLargestSwingAtTheEnd : kLargestSwingToRelevant;
  const auto is_flat = [&](const RobustTrend& part, double units, bool needs_proof) {
    const double swing = part.range / (relevant * units);
    return part.high < relevant && (part.low <= 0 || part.high <= kSurelySmallPart * relevant) &&
           swing <= largest_swing &&
           (!needs_proof || swing <= kQuietSwingToRelevant || part.sure_high < relevant);
  };
  // All of it flat and the late half not clearly worse, or flat in the end whatever came before.
  return (is_flat(look.all, look.units, !is_last) && look.late.low <= negligible) ||
         (look.late_count >= kLeastLateSamples && is_flat(look.late, look.units / 2, true));
}

GrowthCourse CourseOf(const Look& look, const GrowthOptions& options) {
  const bool grew = look.all.z >= kFlatZ && look.all.slope * look.units >= options.relevant_bytes;
  if (IsFlat(look, options)) {
    const bool grew_early =
        look.early.slope * look.units / 2 >= options.relevant_bytes && look.early.z >= kLateZ;
    return grew || grew_early ? GrowthCourse::kStopped : GrowthCourse::kFlat;
  }
  if (!grew) return GrowthCourse::kUnclear;
  if (look.late.slope < kLeastLateRate * look.early.slope) return GrowthCourse::kSlowing;
  return look.continues ? GrowthCourse::kGoesOn : GrowthCourse::kUnclear;
}

// The error of a slope falls with the units to the power of 1.5 while the noise stays what it is.
double UnitsForError(double units, double error, double wanted) {
  return wanted > 0 ? units * std::pow(std::max(error / wanted, 1.0), 2.0 / 3.0)
                    : units * kFurthestForecast;
}

std::optional<double> UnitsToSettle(const Look& look, const GrowthOptions& options) {
  const double error = ErrorOf(look.all, NormalQuantile(options.false_alarm_bound / 2));
  const double slope = look.all.slope;
  double as_leak = look.units * kFurthestForecast;
  if (slope > 0) {
    as_leak = UnitsForError(look.units, error, slope / look.z_needed);
    as_leak = std::max(as_leak, kLeastGrowthToRange * look.all.residual_range / slope);
    as_leak = std::max({as_leak, options.relevant_bytes / slope, options.min_units});
    if (!look.continues) as_leak = std::max(as_leak, look.units * 2);
  }
  const double relevant = options.relevant_per_unit;
  const double room = relevant - std::max(slope, 0.0);
  // Flat is said of swings with proof, or once they are small beside what so much load would leak.
  const double swing = look.all.residual_range / relevant;
  const double as_flat = std::min(
      std::max(UnitsForError(look.units, error, room / look.z_sure),
               swing / kLargestSwingToRelevant),
      std::max(UnitsForError(look.units, error, room / kFlatZ), swing / kQuietSwingToRelevant));
  const double more = std::min(as_leak, as_flat) - look.units;
  if (more > look.units * (kFurthestForecast - 2)) return std::nullopt;
  return std::max(more, look.units / 4);
}

std::string ReasonOf(const GrowthVerdict& verdict, const Look& look) {
  switch (verdict.outcome) {
    case GrowthOutcome::kLeak:
      return "it grows with the load and does not slow down";
    case GrowthOutcome::kNoLeak:
      return verdict.course == GrowthCourse::kStopped ? "it grew at first and then stopped"
                                                      : "it does not grow with the load";
    case GrowthOutcome::kInconclusive:
    case GrowthOutcome::kGoOn:
      break;
  }
  if (verdict.sample_count < SequentialVerdict::kMinSamples) return "too few measurements";
  if (verdict.course == GrowthCourse::kSlowing) return "it grows, but less and less";
  if (look.significant && (!look.above_range || !look.is_kept)) {
    return "it grows by less than it swings up and down";
  }
  if (look.significant && !look.continues) return "it grows, but not all the time";
  if (look.significant && !look.enough_units)
    return "it grows, but has not been seen for long enough";
  if (look.significant) return "it grows by too little to tell it from an idle heap";
  return "the swings of the heap are larger than the growth that matters";
}

}  // namespace

SequentialVerdict::SequentialVerdict(const GrowthOptions& options) : options_(options) {
  verdict_.false_alarm_bound = options_.false_alarm_bound;
  verdict_.reason = "too few measurements";
}

const GrowthVerdict& SequentialVerdict::Add(const GrowthSample& sample) {
  GrowthSample next = sample;
  if (!samples_.empty()) next.units = std::max(next.units, samples_.back().units);
  samples_.push_back(next);
  if (samples_.size() > kMaxSamples) {
    std::vector<GrowthSample> thinned;
    for (size_t i = 0; i + 1 < samples_.size(); i += 2) {
      const GrowthSample &a = samples_[i], &b = samples_[i + 1];
      thinned.push_back({(a.units + b.units) / 2, (a.bytes + b.bytes) / 2});
    }
    if (samples_.size() % 2 == 1) thinned.push_back(samples_.back());
    samples_ = std::move(thinned);
  }
  Judge();
  return verdict_;
}

void SequentialVerdict::Judge() {
  verdict_.sample_count = static_cast<uint32_t>(samples_.size());
  if (samples_.size() < kMinSamples || samples_.back().units <= samples_.front().units) return;
  ++looks_;
  // Nine tenths of the budget for the planned looks in equal parts, the rest for all later ones:
  // 6/π² Σ 1/k² = 1.
  const double planned = std::max<double>(options_.planned_samples, kMinSamples) - kMinSamples + 1;
  const double later = static_cast<double>(looks_) - planned;
  const double level = options_.false_alarm_bound *
                       (later <= 0 ? 0.9 / planned : 0.1 * 6 / (9.8696 * later * later));
  // Half of it for the samples as they are, half for the floor below the teeth.
  const double done = samples_.back().units - samples_.front().units;
  const Look whole = Examine(samples_, options_, level / 2, done);
  std::optional<Look> floor;
  const std::vector<GrowthSample> lowest = FloorOf(samples_, whole.all.residual_range);
  if (lowest.size() >= kMinSamples) floor = Examine(lowest, options_, level / 2, done);

  const bool is_leak = IsLeak(whole) || (floor && IsLeak(*floor));
  const bool is_flat = IsFlat(whole, options_) || (floor && IsFlat(*floor, options_));
  const bool floor_tells =
      floor && (is_leak   ? !IsLeak(whole)
                : is_flat ? !IsFlat(whole, options_)
                          : floor->all.high - floor->all.low < whole.all.high - whole.all.low);
  const Look& look = floor_tells ? *floor : whole;
  const auto interval = [](const RobustTrend& t) { return SlopeInterval{t.slope, t.low, t.high}; };
  verdict_.growth = interval(look.all);
  verdict_.late = interval(look.late);
  verdict_.course = CourseOf(look, options_);
  const double error = ErrorOf(look.all, NormalQuantile(options_.false_alarm_bound / 2));
  verdict_.smallest_visible_per_unit =
      std::max({(look.z_needed + kPowerZ) * error,
                kLeastGrowthToRange * look.all.residual_range / look.units,
                options_.relevant_bytes / look.units});
  verdict_.units_to_settle.reset();
  if (is_leak) {
    verdict_.outcome = GrowthOutcome::kLeak;
  } else if (is_flat) {
    verdict_.outcome = GrowthOutcome::kNoLeak;
  } else {
    verdict_.outcome = GrowthOutcome::kGoOn;
    verdict_.units_to_settle = UnitsToSettle(look, options_);
  }
  verdict_.reason = ReasonOf(verdict_, look);
}

GrowthVerdict SequentialVerdict::Finish() const {
  GrowthVerdict final = verdict_;
  if (final.outcome != GrowthOutcome::kGoOn) return final;
  final.outcome = GrowthOutcome::kInconclusive;
  if (samples_.size() < kMinLastLook) return final;
  const double done = samples_.back().units - samples_.front().units;
  Look look = Examine(samples_, options_,
                      options_.false_alarm_bound / std::max(options_.planned_samples, 2u), done);
  look.all = ComputeTrend(samples_, kFlatZ);
  if (IsFlat(look, options_, Turn::kLast)) {
    final.outcome = GrowthOutcome::kNoLeak;
    final.growth = {look.all.slope, look.all.low, look.all.high};
    final.units_to_settle.reset();
    final.reason = ReasonOf(final, look);
  }
  return final;
}

const char* OutcomeName(GrowthOutcome outcome) {
  switch (outcome) {
    case GrowthOutcome::kGoOn:
      return "go-on";
    case GrowthOutcome::kLeak:
      return "leak";
    case GrowthOutcome::kNoLeak:
      return "no-leak";
    case GrowthOutcome::kInconclusive:
      return "inconclusive";
  }
  return "";
}

}  // namespace leaktrail
