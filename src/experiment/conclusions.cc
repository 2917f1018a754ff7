#include "experiment/conclusions.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "experiment/slope_difference.h"

namespace leaktrail {
namespace {

// A change that takes away less than this part of the growth is not worth being called a part.
constexpr double kLeastPart = 0.25;

Verdict VerdictOf(const SlopeFacts& slope) {
  if (slope.outcome == "leak") return Verdict::kLeak;
  return slope.outcome == "no-leak" ? Verdict::kNoLeak : Verdict::kInconclusive;
}

Verdict OwnVerdict(const ExperimentFacts& facts) {
  const Verdict heap = VerdictOf(facts.heap), external = VerdictOf(facts.external);
  if (heap == Verdict::kLeak || external == Verdict::kLeak) return Verdict::kLeak;
  return heap == Verdict::kNoLeak && external == Verdict::kNoLeak ? Verdict::kNoLeak
                                                                  : Verdict::kInconclusive;
}

bool LeaksOutside(const ExperimentFacts& facts) {
  const bool heap = VerdictOf(facts.heap) == Verdict::kLeak;
  return VerdictOf(facts.external) == Verdict::kLeak &&
         (!heap || facts.external.per_unit > facts.heap.per_unit);
}

std::vector<GrowthSample> SeriesOf(const ExperimentFacts& facts, bool outside) {
  std::vector<GrowthSample> series;
  for (const MemorySample& s : facts.samples) {
    series.push_back({s.units, outside ? s.external : s.heap});
  }
  return series;
}

std::string Units(const TestedArm& arm) {
  const std::optional<double>& units = arm.facts.units_to_settle;
  return units ? fmt::format("; about {:.0f} requests more would settle it", *units) : "";
}

void Judge(const TestedArm& baseline, const SlopeDifference& difference, TestedArm* arm) {
  const Verdict before = VerdictOf(baseline.growth), after = VerdictOf(arm->growth);
  const double whole = baseline.growth.per_unit;
  const double part = whole > 0 ? difference.per_unit / whole : 0;
  const auto says = [&](CauseVerdict verdict, std::string because) {
    arm->verdict = verdict;
    arm->because = std::move(because);
  };
  const std::string percent = fmt::format("{:.0f} %", std::clamp(part, 0.0, 1.0) * 100);
  if (before == Verdict::kLeak && after == Verdict::kNoLeak) {
    if (difference.above_zero()) {
      says(CauseVerdict::kCause, fmt::format("removes {} of the growth", percent));
    } else {
      says(CauseVerdict::kInconclusive, "it does not leak, but too few rounds tell the two apart");
    }
  } else if (before == Verdict::kLeak && after == Verdict::kLeak) {
    if (difference.above_zero() && part >= kLeastPart) {
      says(CauseVerdict::kPart, fmt::format("removes {} of the growth", percent));
    } else if (difference.below_zero() && part <= -kLeastPart) {
      says(CauseVerdict::kNotTheCause, "leaks even more");
    } else {
      says(CauseVerdict::kNotTheCause, "leaks all the same");
    }
  } else if (before == Verdict::kNoLeak && after == Verdict::kLeak) {
    if (difference.below_zero()) {
      says(CauseVerdict::kBringsIn, "leaks only with the change");
    } else {
      says(CauseVerdict::kInconclusive, "it leaks, but too few rounds tell the two apart");
    }
  } else if (before == Verdict::kNoLeak && after == Verdict::kNoLeak) {
    says(CauseVerdict::kNotTheCause, "leaks neither with nor without");
  } else if (before == Verdict::kInconclusive) {
    says(CauseVerdict::kInconclusive, "whether it leaks as it is, is open");
  } else {
    says(CauseVerdict::kInconclusive, arm->growth.reason + Units(*arm));
  }
  // The cause is gone in one memory and something else grows in the other.
  if (arm->own == Verdict::kLeak && after != Verdict::kLeak) {
    arm->because += arm->is_outside_heap ? ", but the heap grows" : ", but memory outside it grows";
  }
}

std::string Rate(double bytes) { return fmt::format("{:.{}f} B", bytes, bytes < 10 ? 1 : 0); }

std::string Headline(const TestedCauses& causes) {
  const TestedArm& baseline = causes.arms.front();
  std::vector<std::string> confirmed, parts, in, open;
  for (const TestedArm& arm : causes.arms) {
    if (arm.verdict == CauseVerdict::kCause) confirmed.push_back(arm.cause);
    if (arm.verdict == CauseVerdict::kPart) parts.push_back(arm.cause);
    if (arm.verdict == CauseVerdict::kBringsIn) in.push_back(arm.cause);
    if (arm.verdict == CauseVerdict::kInconclusive) open.push_back(arm.cause);
  }
  const auto list = [](const std::vector<std::string>& names) {
    return fmt::format("{}", fmt::join(names, ", "));
  };
  switch (baseline.own) {
    case Verdict::kLeak:
      break;
    case Verdict::kNoLeak:
      return in.empty() ? "It does not leak as it is, and with none of the changes that could be "
                          "measured"
                        : fmt::format("It does not leak as it is; a leak comes with {}", list(in));
    case Verdict::kInconclusive:
      return fmt::format("Whether it leaks as it is, is open: {}{}", baseline.growth.reason,
                         Units(baseline));
  }
  const std::string rate = Rate(baseline.growth.per_unit);
  if (!confirmed.empty()) {
    return fmt::format("The cause is {}: without it, growth of {} per request is gone",
                       fmt::format("{}", fmt::join(confirmed, " or ")), rate);
  }
  if (!parts.empty()) {
    return fmt::format("{} is a part of the leak of {} per request; no change removes all of it",
                       list(parts), rate);
  }
  return fmt::format("It leaks {} per request, and none of these is confirmed as the cause{}", rate,
                     open.empty() ? "" : fmt::format("; open: {}", list(open)));
}

}  // namespace

void Conclude(TestedCauses* causes) {
  std::vector<TestedArm>& arms = causes->arms;
  causes->comparisons = static_cast<uint32_t>(arms.size()) - 1;
  const double level = causes->false_alarm_bound / std::max<double>(causes->comparisons, 1);
  TestedArm& baseline = arms.front();
  for (TestedArm& arm : arms) {
    arm.difference.reset();
    if (!arm.failure.empty()) {
      arm.verdict = CauseVerdict::kFailed;
      arm.because = arm.failure;
      continue;
    }
    arm.own = OwnVerdict(arm.facts);
    const bool baseline_tells = baseline.own == Verdict::kLeak || arm.own != Verdict::kLeak;
    arm.is_outside_heap = LeaksOutside(baseline_tells ? baseline.facts : arm.facts);
    arm.growth = arm.is_outside_heap ? arm.facts.external : arm.facts.heap;
    if (&arm == &baseline) {
      arm.verdict = CauseVerdict::kBaseline;
      arm.because = arm.growth.reason;
      continue;
    }
    if (!baseline.failure.empty()) {
      arm.verdict = CauseVerdict::kInconclusive;
      arm.because = "there is no baseline to compare it with";
      continue;
    }
    const SlopeDifference difference =
        CompareSlopes(SeriesOf(baseline.facts, arm.is_outside_heap),
                      SeriesOf(arm.facts, arm.is_outside_heap), level);
    if (difference.bounded) {
      arm.difference = TestedDifference{difference.per_unit, difference.low, difference.high};
    }
    TestedArm compared = baseline;
    compared.growth = arm.is_outside_heap ? baseline.facts.external : baseline.facts.heap;
    Judge(compared, difference, &arm);
  }
  const auto any = [&](auto matches) { return std::any_of(arms.begin(), arms.end(), matches); };
  const bool leaks =
      any([](const TestedArm& a) { return a.failure.empty() && a.own == Verdict::kLeak; });
  const bool is_open =
      any([](const TestedArm& a) { return !a.failure.empty() || a.own == Verdict::kInconclusive; });
  causes->verdict = leaks ? Verdict::kLeak : is_open ? Verdict::kInconclusive : Verdict::kNoLeak;
  causes->headline = baseline.failure.empty()
                         ? Headline(*causes)
                         : fmt::format("The baseline could not be measured: {}", baseline.failure);
}

}  // namespace leaktrail
