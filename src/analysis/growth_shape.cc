// Tells a leak's growth from a warm-up's, a cache's and turnover.
//
// Per step there is the number of objects born in it that are still there at the end. A leak has
// some in each step and loses none. A cache that fills, or code that is reached for the first time,
// has fewer and fewer; a cache that is full loses what it had; a batch loses all. Steps may differ
// in length and nothing in a heap tells how long they were, so only a clear decline counts against
// a leak, and a decline is never called the end of growth unless nothing is added any more.
#include <algorithm>

#include "analysis/growth.h"

namespace leaktrail {
namespace {

constexpr double kSlowing = 0.6;  // the last step adds less than this part of the one before
constexpr double kStopped = 0.05;
constexpr double kLosing = 0.75;   // of those born in a step, less than this part is left
constexpr uint64_t kFewNodes = 8;  // in a step: below that it is noise
constexpr uint64_t kFewBytes = 2048;

struct Steps {
  std::vector<double> born;  // per step: what it added for good
  double kept = 1;           // the least part of a step's births that lasted
  double net = 1;            // what the number grew by, as a part of what was born and lasted
  double largest() const { return born.empty() ? 0 : *std::max_element(born.begin(), born.end()); }
};

Steps CountSteps(const GrowthGroup& g) {
  Steps s;
  const size_t n = g.nodes.size();
  for (size_t k = 1; k < n; ++k) {
    s.born.push_back(static_cast<double>(g.lasting[k]));
    if (k + 1 < n && g.fresh[k] > 0) {
      s.kept =
          std::min(s.kept, static_cast<double>(g.lasting[k]) / static_cast<double>(g.fresh[k]));
    }
  }
  const double lasting = static_cast<double>(g.grown_count());
  const double more = static_cast<double>(g.nodes.back()) - static_cast<double>(g.nodes.front());
  if (lasting > 0) s.net = more / lasting;
  return s;
}

Steps ByteSteps(const std::vector<uint64_t>& bytes) {
  Steps s;
  for (size_t k = 1; k < bytes.size(); ++k) {
    s.born.push_back(static_cast<double>(bytes[k]) - static_cast<double>(bytes[k - 1]));
  }
  return s;
}

// How much the end of the series lies below what came before: 1 is level.
double Pace(const std::vector<double>& born) {
  const double last = born.back();
  if (born.size() == 1) return 1;
  if (born.size() == 2) return born[0] <= 0 ? 1 : last / born[0];
  // Halves, so that one uneven step does not decide.
  const size_t half = born.size() / 2;
  double early = 0, late = 0;
  for (size_t i = 0; i < half; ++i) early += born[i];
  for (size_t i = born.size() - half; i < born.size(); ++i) late += born[i];
  return early <= 0 ? 1 : late / early;
}

GrowthShape Classify(const Steps& s, double few) {
  if (s.kept < kLosing || s.net < kLosing) return GrowthShape::kTurnover;
  if (s.born.size() == 1) return s.born[0] >= few ? GrowthShape::kTwoPoints : GrowthShape::kStopped;
  if (s.born.back() < few || s.born.back() < kStopped * s.largest()) return GrowthShape::kStopped;
  for (const double b : s.born) {
    if (b < few) return GrowthShape::kSlowing;  // a step without growth, then growth
  }
  return Pace(s.born) < kSlowing ? GrowthShape::kSlowing : GrowthShape::kSteady;
}

double ConfidenceOf(GrowthShape shape, const Steps& s) {
  switch (shape) {
    case GrowthShape::kSteady: {
      const double pace = std::min(1.0, Pace(s.born));
      const double many = std::min(1.0, s.largest() / 200);
      return 0.6 + 0.2 * pace * s.kept + 0.15 * many;
    }
    case GrowthShape::kTwoPoints:
      return 0.4;
    case GrowthShape::kSlowing:
      return 0.3;
    case GrowthShape::kStopped:
    case GrowthShape::kTurnover:
      return 0.05;
  }
  return 0;
}

}  // namespace

ShapeJudgement JudgeShape(const GrowthGroup& group, MatchedBy matched_by) {
  ShapeJudgement j;
  const Steps counts = CountSteps(group);
  const uint64_t owner_growth = group.owner_bytes.back() > group.owner_bytes.front()
                                    ? group.owner_bytes.back() - group.owner_bytes.front()
                                    : 0;
  uint64_t item_growth = 0;
  for (size_t k = 1; k < group.lasting_bytes.size(); ++k) item_growth += group.lasting_bytes[k];
  const bool few_items = group.grown_count() < kFewNodes * (group.nodes.size() - 1);
  j.by_bytes = owner_growth > 0 && (few_items || item_growth * 4 < owner_growth);
  if (j.by_bytes) {
    const Steps bytes = ByteSteps(group.owner_bytes);
    j.shape = Classify(bytes, static_cast<double>(kFewBytes));
    j.confidence = ConfidenceOf(j.shape, bytes) - 0.05;
  } else {
    j.shape = Classify(counts, static_cast<double>(kFewNodes));
    j.confidence = ConfidenceOf(j.shape, counts);
  }
  if (matched_by == MatchedBy::kClass) j.confidence *= 0.9;
  return j;
}

}  // namespace leaktrail
