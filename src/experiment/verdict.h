// Does memory grow with the load? A sequential test over measurements of one process.
//
//   bytes                          ·  ·         leak: grows, goes on growing, and by more than the
//     │            ·  ·  ·   ·  ·             ·       swings around the trend
//     │      ·  ·       early │ late          no-leak: the late part is flat, whatever came before
//     │ ·  ·                  │                         (a cache that filled, code that warmed up)
//     └──────────────────────────────▶ units  inconclusive: neither is safe yet
//
// One sample after each round of load (units are requests) or, when a process is only watched, one
// after each major collection that happens anyway (units are seconds). Garbage must be gone from
// the bytes.
//
// Method. Heaps step, swing like a saw and have outliers, so nothing is assumed about the noise but
// that it has a bounded memory:
//   slope      the median of all pairwise slopes (Theil 1950, Sen 1968), which up to 29 % of wild
//              samples do not move; its interval from Kendall's statistic (Sen 1968).
//   trend      Mann–Kendall, the usual test for software ageing (Garg et al., ISSRE 1998), with its
//              variance raised for serial dependence (Hamed and Rao, J. Hydrology 204, 1998), unless
//              the growth is eight times what is left around it and more: a small step in a steep
//              line is dependence too, but could not have made the line. Alone
//              it cries wolf on transients (Machida et al., ISSRE 2013); hence the next two.
//   goes on    the late half of the load must grow for itself, and at no less than half of the
//              early half's rate. A filling cache and a decaying warm-up fail this.
//   not a saw  growth along the trend must be larger than the range of what is left around it. A
//              saw of which two teeth are seen fails this, wherever it begins and ends.
// The floor below a saw, the lowest sample of each tooth, is judged in the same way beside the
// samples themselves, each with half of the level: it swings far less. Looking after every sample
// is paid for: nine tenths of the false-alarm budget are shared out equally over the planned looks
// and the rest over all later ones (Bonferroni), so that the bound holds for all looks together.
// bench/verdict measures that it does; docs/verdict.md has the table.
//
// What it cannot do: tell a cache that fills at a constant rate from a leak before it is full, or a
// saw before its first tooth ends. The caller decides how much load is worth that (min_units).
//
// Cost: O(n²) for n samples at each Add; long series are thinned to kMaxSamples by taking pairs
// together. Threads: a value, no sharing. No clock, no randomness.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace leaktrail {

struct GrowthSample {
  double units = 0;  // done so far: requests or seconds. Never falls.
  double bytes = 0;
};

enum class GrowthOutcome : uint8_t { kGoOn, kLeak, kNoLeak, kInconclusive };

// How the bytes went, in words that people use.
enum class GrowthCourse : uint8_t {
  kUnclear,
  kFlat,     // no growth worth naming
  kGoesOn,   // grows as fast late as early
  kSlowing,  // grows less and less
  kStopped,  // grew, then stayed
};

struct GrowthOptions {
  double false_alarm_bound = 0.01;
  // Growth below this is nobody's leak; "no leak" means that the interval ends below it.
  double relevant_per_unit = 16;
  // Growth since the first sample that is within what an idle heap does by itself.
  double relevant_bytes = 96 * 1024;
  // Before "leak" is said.
  double min_units = 0;
  // Looks over which the alarm budget is spent; later looks spend what is left, in ever smaller
  // parts.
  uint32_t planned_samples = 40;
};

struct SlopeInterval {
  double per_unit = 0;
  double low = 0, high = 0;  // at the level of 1 - false_alarm_bound, two-sided
};

struct GrowthVerdict {
  GrowthOutcome outcome = GrowthOutcome::kGoOn;
  GrowthCourse course = GrowthCourse::kUnclear;
  SlopeInterval growth;  // of all samples
  SlopeInterval late;    // of the late half
  double false_alarm_bound = 0.01;
  double smallest_visible_per_unit = 0;  // a leak of this size would have been seen with 90 %
  // Units more that would settle it, if what was seen goes on; set while it is not settled.
  std::optional<double> units_to_settle;
  uint32_t sample_count = 0;
  std::string reason;  // one sentence, without a full stop; units are called "unit"
};

class SequentialVerdict {
 public:
  static constexpr uint32_t kMinSamples = 8;
  static constexpr uint32_t kMaxSamples = 240;

  explicit SequentialVerdict(const GrowthOptions& options = {});

  // Samples in order. Once it has said leak or no-leak, it stays with it as long as nothing is
  // added.
  const GrowthVerdict& Add(const GrowthSample& sample);
  const GrowthVerdict& current() const { return verdict_; }
  // There will be no more samples: what would go on is inconclusive.
  GrowthVerdict Finish() const;
  const std::vector<GrowthSample>& samples() const { return samples_; }

 private:
  void Judge();

  GrowthOptions options_;
  std::vector<GrowthSample> samples_;
  uint32_t looks_ = 0;
  GrowthVerdict verdict_;
};

const char* OutcomeName(GrowthOutcome outcome);  // "go-on", "leak", "no-leak", "inconclusive"

}  // namespace leaktrail
