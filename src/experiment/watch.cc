#include "experiment/watch.h"

#include <algorithm>
#include <utility>

namespace leaktrail {
namespace {

constexpr double kSecondsBetween = 1;        // of two points of a series
constexpr double kNativeSecondsBetween = 5;  // resident memory is known at every sample
// A leak that needs longer than this to fill what is left is not worth a night's sleep.
constexpr double kRelevantSeconds = 14 * 86'400.0;
constexpr double kLeastRelevant = 16;
// What the allocator keeps and gives back by itself.
constexpr double kResidentSwing = 4 * 1024 * 1024;

GrowthVerdict VerdictOf(const std::optional<SequentialVerdict>& verdict) {
  return verdict ? verdict->current() : GrowthVerdict();
}

}  // namespace

void GrowthWatch::AddTo(Series* series, double at, double bytes, double relevant_per_second) {
  if (!series->verdict) {
    GrowthOptions options;
    options.relevant_per_unit = relevant_per_second;
    if (series == &native_ || series == &resident_) options.relevant_bytes = kResidentSwing;
    series->verdict.emplace(options);
  }
  const double units = at - began_at_;
  const bool resident = series == &native_ || series == &resident_;
  const double between = resident ? kNativeSecondsBetween : kSecondsBetween;
  if (!series->pending) {
    series->pending = GrowthSample{units, bytes};
    return;
  }
  if (units - series->pending->units < between) {
    series->pending->bytes = std::min(series->pending->bytes, bytes);
    return;
  }
  series->verdict->Add(*series->pending);
  series->pending = GrowthSample{units, bytes};
}

const WatchState& GrowthWatch::Add(const MemorySample& sample) {
  if (began_at_ == 0) {
    began_at_ = sample.at;
    for (const MajorCollection& m : sample.major_collections) began_at_ = std::min(began_at_, m.at);
  }
  const uint64_t used = std::min(sample.heap_used_bytes, sample.heap_limit_bytes);
  const double room = static_cast<double>(sample.heap_limit_bytes - used);
  const double relevant = std::max(kLeastRelevant, room / kRelevantSeconds);
  for (const MajorCollection& m : sample.major_collections) {
    AddTo(&heap_, m.at, static_cast<double>(m.live_heap_bytes), relevant);
    AddTo(&external_, m.at, static_cast<double>(m.external_bytes), relevant);
    state_.live_heap_bytes = m.live_heap_bytes;
    ++state_.major_count;
  }
  const auto resident = static_cast<double>(sample.resident_bytes);
  AddTo(&resident_, sample.at, resident, relevant);
  const double held = static_cast<double>(sample.heap_total_bytes + sample.external_bytes);
  AddTo(&native_, sample.at, std::max(0.0, resident - held), relevant);
  Conclude(sample);
  return state_;
}

void GrowthWatch::Conclude(const MemorySample& sample) {
  state_.heap = VerdictOf(heap_.verdict);
  state_.external = VerdictOf(external_.verdict);
  state_.native = VerdictOf(native_.verdict);
  state_.resident = VerdictOf(resident_.verdict);

  const std::pair<const char*, const GrowthVerdict*> parts[] = {
      {"heap", &state_.heap}, {"external", &state_.external}, {"native", &state_.native}};
  state_.grows = "";
  state_.outcome = GrowthOutcome::kGoOn;
  const bool heap_known = state_.heap.sample_count >= SequentialVerdict::kMinSamples;
  const bool resident_known = state_.resident.sample_count >= SequentialVerdict::kMinSamples;
  state_.slope = heap_known ? state_.heap.growth : state_.resident.growth;
  state_.slope_of = heap_known ? "heap" : resident_known ? "resident" : "";
  state_.reason =
      state_.major_count == 0 ? "no major collection has happened yet" : state_.heap.reason;
  for (const auto& [name, part] : parts) {
    if (part->outcome != GrowthOutcome::kLeak) continue;
    state_.grows = name;
    state_.outcome = GrowthOutcome::kLeak;
    state_.slope = part->growth;
    state_.slope_of = name;
    state_.reason = part->reason;
    break;
  }
  // Native memory alone is too restless to wait for: it can accuse, not acquit.
  if (state_.outcome != GrowthOutcome::kLeak && state_.heap.outcome == GrowthOutcome::kNoLeak &&
      state_.external.outcome == GrowthOutcome::kNoLeak) {
    state_.outcome = GrowthOutcome::kNoLeak;
  }

  state_.seconds_to_limit.reset();
  state_.limit_of = "";
  const auto consider = [&](const SlopeInterval& slope, double now, double limit, const char* of) {
    if (slope.low <= 0 || limit <= 0) return;
    const double seconds = std::max(0.0, limit - now) / slope.per_unit;
    if (state_.seconds_to_limit && *state_.seconds_to_limit <= seconds) return;
    state_.seconds_to_limit = seconds;
    state_.limit_of = of;
  };
  if (heap_known) {
    consider(state_.heap.growth, static_cast<double>(state_.live_heap_bytes),
             static_cast<double>(sample.heap_limit_bytes), "heap");
  }
  if (limits_.resident_bytes && resident_known) {
    consider(state_.resident.growth, static_cast<double>(sample.resident_bytes),
             static_cast<double>(*limits_.resident_bytes), limits_.resident_limit_of);
  }
}

GrowthOutcome GrowthWatch::Finish() const {
  if (state_.outcome == GrowthOutcome::kLeak || state_.outcome == GrowthOutcome::kNoLeak) {
    return state_.outcome;
  }
  return GrowthOutcome::kInconclusive;
}

void GrowthWatch::Restart() {
  heap_ = external_ = native_ = resident_ = Series();
  began_at_ = 0;
  state_ = WatchState();
}

}  // namespace leaktrail
