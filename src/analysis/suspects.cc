#include "analysis/suspects.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "analysis/count_text.h"
#include "analysis/culprit.h"
#include "analysis/ending_timers.h"
#include "analysis/key_space.h"
#include "analysis/places.h"
#include "analysis/trails.h"

namespace leaktrail {
namespace {

// How many of the largest groups are looked at closely.
constexpr size_t kMaxGroups = 24;
constexpr size_t kMaxGrowsWith = 8;
// Less than this is too little to call a leak: bytes, part of the heap, part of all that grew.
constexpr uint64_t kLeakBytes = 32 * 1024;
constexpr double kLeakShareOfHeap = 0.002;
constexpr double kLeakShareOfGrowth = 0.05;
constexpr double kLikeNumbers = 0.1;
constexpr double kInDoubt = 0.6;  // of confidence, if it may be emptied or full one day
constexpr size_t kStepsToTrust = 4;
constexpr double kHint = 0.1;  // confidence in what one snapshot shows
// Fewer new units in a step than this are a pool or a handful of connections, unless they are
// large.
constexpr uint64_t kFewUnits = 20;
constexpr double kLargeShareOfHeap = 0.02;
// A table of fewer entries whose keys cannot be seen may have one for each route, template or
// tenant.
constexpr uint64_t kFewHiddenKeys = 1000;
// An owner of more elements than this whose own bytes grow though its elements do not: slack.
constexpr uint64_t kSlackElements = 16;

struct Candidate {
  uint32_t group = 0;
  uint64_t bytes = 0;
  ShapeJudgement judgement;
  HolderChain chain;
  CulpritReport report;
  TableKeys keys;                // of the container, if it is a table
  bool in_doubt = false;         // may yet be emptied, or be full one day
  std::vector<uint32_t> merged;  // other groups of the same suspect
};

int ShapeRank(GrowthShape s) {
  switch (s) {
    case GrowthShape::kSteady:
      return 0;
    case GrowthShape::kTwoPoints:
      return 1;
    case GrowthShape::kSlowing:
      return 2;
    default:
      return 3;
  }
}

class Builder {
 public:
  Builder(const LastSnapshot& last, std::span<const uint64_t> heap_sizes,
          const SuspectOptions& options)
      : last_(last), g_(last.graph()), heap_sizes_(heap_sizes), options_(options) {}

  Findings Build() {
    out_.matched_by = last_.growth.matched_by;
    out_.heap_size.assign(heap_sizes_.begin(), heap_sizes_.end());
    PickGroups();
    for (Candidate& c : picked_) {
      c.chain = FindHolders(last_, c.group);
      c.report = FindCulprit(last_, c.group, c.chain);
      if (KeepsItsEntries(c.report)) c.report.size_is_checked = c.report.is_emptied_too = false;
      if (IsClear(c) && !c.chain.steps.empty()) {
        c.keys = FindTableKeys(last_, c.chain.steps.front().node);
      }
    }
    // What may yet be emptied, or be full one day, comes after what will not.
    for (Candidate& c : picked_) {
      c.in_doubt = c.report.size_is_checked || MayBeFilling(c) || GoesWithAFullList(c);
    }
    std::stable_sort(picked_.begin(), picked_.end(), [&](const Candidate& a, const Candidate& b) {
      return IsClear(a) && IsClear(b) && a.in_doubt < b.in_doubt;
    });
    BlameRegistrants();
    PutBlameFirst();
    Merge();
    Decide();
    for (const Candidate& c : picked_) {
      if (out_.suspects.size() >= options_.max_suspects) break;
      out_.suspects.push_back(MakeSuspect(c));
      out_.suspects.back().rank = static_cast<uint32_t>(out_.suspects.size());
    }
    if (out_.verdict != Verdict::kNoLeak && !out_.suspects.empty()) {
      out_.culprit = out_.suspects.front().culprit;
    }
    return std::move(out_);
  }

 private:
  const GrowthGroup& GroupOf(const Candidate& c) const { return last_.growth.groups[c.group]; }

  void PickGroups() {
    for (uint32_t i = 0; i < last_.growth.groups.size(); ++i) {
      const GrowthGroup& g = last_.growth.groups[i];
      Candidate c;
      c.group = i;
      if (IsSingle()) {
        c.bytes = g.bytes[0];
        c.judgement = {GrowthShape::kTwoPoints, kHint, false};
      } else {
        c.bytes = g.grown_bytes();
        c.judgement = JudgeShape(g, last_.growth.matched_by);
      }
      if (c.bytes == 0 || ShapeRank(c.judgement.shape) > 2 || IsBoundedOwner(g)) continue;
      if (g.parts.empty() && g.owner_way == 0) continue;  // the root's own bytes are nobody's
      if (c.judgement.by_bytes && IsSlack(g)) c.judgement.shape = GrowthShape::kSlowing;
      all_growth_ += c.bytes;
      picked_.push_back(std::move(c));
    }
    std::stable_sort(picked_.begin(), picked_.end(), [&](const Candidate& a, const Candidate& b) {
      const bool a_clear = IsClear(a), b_clear = IsClear(b);
      if (a_clear != b_clear) return a_clear;
      return a.bytes > b.bytes;
    });
    if (picked_.size() > kMaxGroups) picked_.resize(kMaxGroups);
  }

  // A string is held by what it was joined or cut from: one object each, whatever their number. One
  // string that is appended to all the time is a chain, and that has no end.
  bool IsBoundedOwner(const GrowthGroup& g) const {
    constexpr uint64_t kParts = 2;
    if (g.owner_example == 0 || g.owner_way == 0) return false;
    const uint64_t owners = last_.growth.counts.back().count[g.owner_way];
    if (g.nodes.back() > kParts * owners) return false;
    const NodeType t = g_.type(NodeIndex(g.owner_example));
    return t == NodeType::kString || t == NodeType::kConsString || t == NodeType::kSlicedString;
  }
  bool IsSlack(const GrowthGroup& g) const {
    if (g.owner_example == 0) return false;
    uint64_t elements = 0;
    for (const EdgeIndex e : g_.edges_of(NodeIndex(g.owner_example))) {
      elements += g_.edge_type(e) == EdgeType::kElement;
    }
    return elements > kSlackElements;
  }

  // What grows then hangs below the entries, as a chain does; emptying them is no help against it.
  static bool KeepsItsEntries(const CulpritReport& report) {
    constexpr size_t kEnough = 3;  // two may be as long by chance
    if (!report.owner || report.owner->entry_count.size() < kEnough) return false;
    const std::vector<uint64_t>& entries = report.owner->entry_count;
    return std::all_of(entries.begin(), entries.end(),
                       [&](uint64_t n) { return n == entries.front(); });
  }

  // A batch that is flushed when it is long enough looks like a leak until it is flushed. Over more
  // steps it would have been.
  bool MayBeEmptied(const Candidate& c) const {
    return c.report.size_is_checked && GroupOf(c).nodes.size() - 1 < kStepsToTrust;
  }

  // What it gained itself may be in another group than what it holds.
  bool OwnerGotRoom(uint32_t owner_way) const {
    return std::any_of(
        last_.growth.groups.begin(), last_.growth.groups.end(), [&](const GrowthGroup& g) {
          return g.owner_way == owner_way && g.owner_bytes.back() > g.owner_bytes.front();
        });
  }

  // A list that grows gets room as it grows, half as much again and a little each time. One that
  // had room for more than that from the start, and got none since, was made for a fixed number.
  bool HadRoomFromTheStart(const Candidate& c) const {
    constexpr uint64_t kSlack = 32;
    const GrowthGroup& g = GroupOf(c);
    if (last_.growth.matched_by != MatchedBy::kNodeId || c.chain.steps.empty()) return false;
    const NodeIndex owner = c.chain.steps.front().node;
    if (owner.value() != g.owner_example || g_.NodeName(owner) != "Array") return false;
    if (OwnerGotRoom(g.owner_way)) return false;
    uint64_t elements = 0, fresh = 0;
    for (const EdgeIndex e : g_.edges_of(owner)) {
      if (g_.edge_type(e) != EdgeType::kElement) continue;
      ++elements;
      fresh += !last_.permanent(g_.target(e));
    }
    return fresh > elements / 2 + kSlack;
  }

  bool MayBeFilling(const Candidate& c) const {
    return HadRoomFromTheStart(c) || c.keys.space == KeySpace::kLimited ||
           (c.keys.space == KeySpace::kHidden && c.keys.entry_count < kFewHiddenKeys);
  }

  // A cache with its values in one list, its keys in another and in a map is full when the list is.
  bool GoesWithAFullList(const Candidate& c) const {
    return std::any_of(picked_.begin(), picked_.end(), [&](const Candidate& list) {
      return list.group != c.group && list.bytes >= c.bytes && IsClear(list) && SameBug(list, c) &&
             HadRoomFromTheStart(list);
    });
  }

  std::optional<EndingTimer> TimerThatEnds(const Candidate& c) const {
    std::vector<uint32_t> groups = c.merged;
    groups.push_back(c.group);
    return FindEndingTimer(last_, groups, GroupOf(c).items.back());
  }

  static std::string DelayText(const EndingTimer& timer) {
    return timer.delay_ms.empty() ? "" : fmt::format(", {} ms after it is set,", timer.delay_ms);
  }

  bool HasManyUnits(const Candidate& c) const {
    if (c.judgement.by_bytes) return true;
    const GrowthGroup& g = GroupOf(c);
    const auto steps = static_cast<uint64_t>(g.nodes.size() - 1);
    const double heap = heap_sizes_.empty() ? 0 : static_cast<double>(heap_sizes_.back());
    return g.unit_count() >= kFewUnits * steps ||
           static_cast<double>(c.bytes) >= kLargeShareOfHeap * heap * static_cast<double>(steps);
  }

  bool IsSingle() const { return last_.growth.counts.size() < 2; }

  bool IsMoreThanNoise(const Candidate& c) const {
    const auto bytes = static_cast<double>(c.bytes);
    const double heap = heap_sizes_.empty() ? 0 : static_cast<double>(heap_sizes_.back());
    return c.bytes >= kLeakBytes && bytes >= kLeakShareOfHeap * heap &&
           bytes >= kLeakShareOfGrowth * static_cast<double>(all_growth_);
  }
  bool IsClear(const Candidate& c) const {
    return c.judgement.shape == GrowthShape::kSteady && IsMoreThanNoise(c) && HasManyUnits(c);
  }

  static bool LikeNumbers(uint64_t a, uint64_t b) {
    const double x = static_cast<double>(a), y = static_cast<double>(b);
    return std::abs(x - y) <= kLikeNumbers * std::max(x, y);
  }

  uint64_t ItemsGrown(const Candidate& c) const {
    const GrowthGroup& g = GroupOf(c);
    return g.items.back() > g.items.front() ? g.items.back() - g.items.front() : 0;
  }

  static bool BlamesUserCode(const Candidate& c) {
    return c.report.culprit && c.report.culprit->because != Because::kDominator;
  }

  // Functions of the application that hang on a package's list in more than one way are a group of
  // their own.
  void BlameRegistrants() {
    for (Candidate& c : picked_) {
      if (!c.report.is_registry) continue;
      const auto told = std::find_if(picked_.begin(), picked_.end(), [&](const Candidate& x) {
        return x.report.is_apps && LikeNumbers(ItemsGrown(x), ItemsGrown(c)) &&
               HangsOnTheSame(x, c);
      });
      if (told != picked_.end()) c.report.culprit = told->report.culprit;
    }
  }

  // On the list of `c`, or on the object that has the list.
  static bool HangsOnTheSame(const Candidate& x, const Candidate& c) {
    const auto& list = c.chain.steps;
    const size_t reach = std::min<size_t>(list.size(), 2);
    return std::any_of(x.chain.steps.begin(), x.chain.steps.end(), [&](const HolderStep& step) {
      return std::any_of(list.begin(), list.begin() + static_cast<std::ptrdiff_t>(reach),
                         [&](const HolderStep& of_c) { return of_c.node == step.node; });
    });
  }

  // What nobody is to blame for, but grows by the same number as what somebody is, goes with it.
  void PutBlameFirst() {
    if (picked_.empty() || BlamesUserCode(picked_.front())) return;
    const auto told = std::find_if(picked_.begin(), picked_.end(), [&](const Candidate& c) {
      return BlamesUserCode(c) && IsClear(c) == IsClear(picked_.front()) &&
             LikeNumbers(ItemsGrown(c), ItemsGrown(picked_.front()));
    });
    if (told != picked_.end()) {
      std::rotate(picked_.begin(), told, told + 1);
    } else {
      TakeBlameFromAPart(picked_.front());
    }
  }

  // Two ports a request, which only Node holds, and one function of the service at one of them: too
  // small to be called a leak by itself, but it tells where the ports come from.
  void TakeBlameFromAPart(Candidate& first) const {
    if (first.report.culprit) return;  // the package that all of it hangs below
    const Candidate* told = nullptr;
    for (const Candidate& c : picked_) {
      if (!BlamesUserCode(c) || c.bytes < kLeakBytes || !HasManyUnits(c) ||
          c.judgement.shape != first.judgement.shape || !IsPartOf(ItemsGrown(c), ItemsGrown(first)))
        continue;
      if (told != nullptr && !SameBug(*told, c)) return;  // who knows
      if (told == nullptr) told = &c;
    }
    if (told != nullptr) first.report.culprit = told->report.culprit;
  }

  static bool IsPartOf(uint64_t part, uint64_t whole) {
    constexpr uint64_t kMostParts = 8;
    if (part == 0) return false;
    const uint64_t times = (whole + part / 2) / part;
    return times >= 1 && times <= kMostParts && LikeNumbers(times * part, whole);
  }

  // One suspect for one bug: the same place to blame, or the same package and like numbers.
  bool SameBug(const Candidate& a, const Candidate& b) const {
    if (!BlamesUserCode(b)) {
      return BlamesUserCode(a) && LikeNumbers(ItemsGrown(a), ItemsGrown(b)) && ItemsGrown(a) > 0;
    }
    if (!BlamesUserCode(a)) return false;
    const CodePlace& x = a.report.culprit->place;
    const CodePlace& y = b.report.culprit->place;
    if (x.package != y.package) return false;
    if (x.file == y.file && x.function == y.function) return true;
    return LikeNumbers(ItemsGrown(a), ItemsGrown(b));
  }

  void Merge() {
    std::vector<Candidate> kept;
    for (Candidate& c : picked_) {
      const auto same =
          std::find_if(kept.begin(), kept.end(), [&](const Candidate& k) { return SameBug(k, c); });
      if (same == kept.end()) {
        kept.push_back(std::move(c));
      } else {
        same->merged.push_back(c.group);
      }
    }
    picked_ = std::move(kept);
  }

  void Decide() {
    if (IsSingle()) {
      out_.verdict = Verdict::kInconclusive;
      out_.reason = "one snapshot cannot show growth: take two more under load";
      return;
    }
    const Candidate* first = picked_.empty() ? nullptr : &picked_.front();
    if (first == nullptr) {
      out_.verdict = Verdict::kNoLeak;
      out_.reason = "nothing that is born in every step stays";
      return;
    }
    FillGrowth(*first);
    if (IsClear(*first) && MayBeEmptied(*first)) {
      out_.verdict = Verdict::kInconclusive;
      out_.reason =
          "it grows in every step, but the code that fills it looks at its size and may empty it "
          "later: take more snapshots under load";
      return;
    }
    if (const auto timer = TimerThatEnds(*first); IsClear(*first) && timer) {
      out_.verdict = Verdict::kInconclusive;
      out_.reason = fmt::format(
          "it grows in every step, but each comes with a timer that fires once{} and may let it "
          "go: take snapshots that are further apart than that",
          DelayText(*timer));
      return;
    }
    if (IsClear(*first) && MayBeFilling(*first)) {
      out_.verdict = Verdict::kInconclusive;
      out_.reason =
          HadRoomFromTheStart(*first)
              ? "it grows in every step, but its list had room for all of it from the start, so it "
                "can be a ring that fills: take more snapshots under load"
          : first->keys.space == KeySpace::kLimited
              ? "it grows in every step, but its keys come from a limited range, so it can be a "
                "table that fills: take more snapshots under load"
              : "it grows in every step, but it is a table of few entries with numbers for keys, "
                "which can be one that fills: take more snapshots under load";
      return;
    }
    if (IsClear(*first)) {
      out_.verdict = Verdict::kLeak;
      out_.reason = fmt::format("{} objects came, some in every step, and none of them was let go",
                                CountText(GroupOf(*first).grown_count()));
      if (first->judgement.by_bytes) {
        out_.reason = "one container grew in every step and never shrank";
      }
      return;
    }
    if (!IsMoreThanNoise(*first)) {
      const bool all_over = GrowsAllOver();
      out_.verdict = all_over ? Verdict::kInconclusive : Verdict::kNoLeak;
      out_.reason = all_over ? "the heap grows in every step, but in many places, none of which "
                               "grows enough to be called a leak: take more snapshots under load"
                             : "what grows is too little to matter";
      return;
    }
    out_.verdict = Verdict::kInconclusive;
    out_.reason = first->judgement.shape == GrowthShape::kSteady
                      ? "few objects were added in each step: it can be a pool that fills"
                  : first->judgement.shape == GrowthShape::kTwoPoints
                      ? "two snapshots cannot tell a leak from a warm-up: take a third under load"
                      : "the growth slows down, as a cache that fills does: take another snapshot "
                        "under load";
  }

  // A tree that is filled by its keys, for example: each of its branches grows a little.
  bool GrowsAllOver() const {
    constexpr double kMostlyStays = 0.5, kHardlySlower = 0.5;
    if (heap_sizes_.size() < 3) return false;
    double most = 0, last = 0;
    for (size_t k = 1; k < heap_sizes_.size(); ++k) {
      last = static_cast<double>(heap_sizes_[k]) - static_cast<double>(heap_sizes_[k - 1]);
      if (last <= 0) return false;
      most = std::max(most, last);
    }
    const auto heap = static_cast<double>(heap_sizes_.back());
    const double grown = heap - static_cast<double>(heap_sizes_.front());
    double stayed = 0;
    for (const GrowthGroup& g : last_.growth.groups) stayed += static_cast<double>(g.grown_bytes());
    return last >= kLargeShareOfHeap * heap && last >= kHardlySlower * most &&
           stayed >= kMostlyStays * grown;
  }

  std::vector<double> StepBytes(const Candidate& c) const {
    std::vector<double> steps;
    const auto add = [&](const GrowthGroup& g) {
      for (size_t k = 1; k < g.bytes.size(); ++k) {
        const double owner =
            static_cast<double>(g.owner_bytes[k]) - static_cast<double>(g.owner_bytes[k - 1]);
        steps[k - 1] += static_cast<double>(g.lasting_bytes[k]) + std::max(0.0, owner);
      }
    };
    steps.resize(GroupOf(c).bytes.size() - 1);
    add(GroupOf(c));
    for (const uint32_t m : c.merged) add(last_.growth.groups[m]);
    return steps;
  }

  void FillGrowth(const Candidate& c) {
    const std::vector<double> steps = StepBytes(c);
    if (steps.empty()) return;
    double sum = 0;
    for (const double s : steps) sum += s;
    out_.growth.heap_bytes_per_unit = sum / static_cast<double>(steps.size());
    out_.growth.interval_low = *std::min_element(steps.begin(), steps.end());
    out_.growth.interval_high = *std::max_element(steps.begin(), steps.end());
    uint64_t external = 0;
    for (const GroupPart& p : GroupOf(c).parts) {
      if (p.example != 0 && g_.NameIs(NodeIndex(p.example), WellKnown::kArrayBufferData)) {
        external += p.bytes;
      }
    }
    out_.growth.external_bytes_per_unit =
        static_cast<double>(external) / static_cast<double>(steps.size());
  }

  Suspect MakeSuspect(const Candidate& c) const {
    const GrowthGroup& g = GroupOf(c);
    Suspect s;
    const NodeIndex example(c.report.class_example);
    s.class_name = DisplayClass(last_, example);
    s.location = PlaceOfNode(last_, example);
    const PackageMap& packages = *last_.view.packages;
    s.package = packages.LabelOf(packages.direct_package(example));
    s.shape = c.judgement.shape;
    s.confidence = IsMoreThanNoise(c) ? c.judgement.confidence : c.judgement.confidence / 2;
    if (c.report.size_is_checked || MayBeFilling(c) || TimerThatEnds(c)) s.confidence *= kInDoubt;
    CountClass(c, s);
    s.grown_size = c.bytes;
    for (const uint32_t m : c.merged) s.grown_size += last_.growth.groups[m].grown_bytes();
    AddGrowsWith(c, s);
    s.size_is_checked = c.report.size_is_checked;
    s.is_emptied_too = c.report.is_emptied_too;
    s.had_room = HadRoomFromTheStart(c);
    s.owner = c.report.owner;
    s.culprit = c.report.culprit;
    s.trail = BuildTrail(last_, c.group, c.chain, c.report);
    s.fingerprint = Fingerprint(last_, c.report);
    for (const GroupPart& p : g.parts) {
      if (p.way == c.report.class_way) s.grown_count = p.count;
    }
    if (s.grown_count == 0) s.grown_count = g.grown_count();
    return s;
  }

  void CountClass(const Candidate& c, Suspect& s) const {
    const TrailTree& tree = last_.tree;
    const uint64_t wanted = tree.way(c.report.class_way).class_hash;
    const size_t n = last_.growth.counts.size();
    s.count.assign(n, 0);
    s.retained_size.assign(n, 0);
    for (size_t k = 0; k < n; ++k) {
      const WayCounts& counts = last_.growth.counts[k];
      for (uint32_t w = 0; w < tree.size(); ++w) {
        if (tree.way(w).class_hash == wanted) s.count[k] += counts.count[w];
      }
      for (const GroupPart& p : GroupOf(c).parts) s.retained_size[k] += counts.bytes[p.way];
      if (GroupOf(c).parts.empty()) s.retained_size[k] = GroupOf(c).owner_bytes[k];
    }
  }

  void AddGrowsWith(const Candidate& c, Suspect& s) const {
    std::vector<std::pair<std::string, uint64_t>> classes;  // most bytes first
    uint64_t most = 0;
    const auto add = [&](const GrowthGroup& g) {
      for (const GroupPart& p : g.parts) {
        if (p.example == 0) continue;
        const std::string name = DisplayClass(last_, NodeIndex(p.example));
        const auto it = std::find_if(classes.begin(), classes.end(),
                                     [&](const auto& x) { return x.first == name; });
        if (it == classes.end()) {
          classes.emplace_back(name, p.count);
        } else {
          it->second += p.count;
        }
      }
    };
    add(GroupOf(c));
    for (const uint32_t m : c.merged) add(last_.growth.groups[m]);
    for (const auto& [name, count] : classes) {
      if (name != s.class_name) continue;
      most = count;
    }
    for (const auto& [name, count] : classes) {
      if (name == s.class_name || count * 2 < most) continue;
      if (s.grows_with.size() >= kMaxGrowsWith) break;
      s.grows_with.push_back(name);
    }
  }

  const LastSnapshot& last_;
  const HeapGraph& g_;
  std::span<const uint64_t> heap_sizes_;
  const SuspectOptions& options_;
  uint64_t all_growth_ = 0;
  std::vector<Candidate> picked_;
  Findings out_;
};

}  // namespace

const char* VerdictName(Verdict v) {
  switch (v) {
    case Verdict::kLeak:
      return "leak";
    case Verdict::kNoLeak:
      return "no-leak";
    case Verdict::kInconclusive:
      return "inconclusive";
  }
  return "inconclusive";
}

const char* BecauseName(Because b) {
  switch (b) {
    case Because::kAllocationStack:
      return "allocation_stack";
    case Because::kConstructor:
      return "constructor";
    case Because::kOwner:
      return "owner";
    case Because::kDominator:
      return "dominator";
  }
  return "dominator";
}

const char* GrowthShapeName(GrowthShape s) {
  switch (s) {
    case GrowthShape::kSteady:
      return "steady";
    case GrowthShape::kSlowing:
      return "slowing";
    case GrowthShape::kStopped:
      return "stopped";
    case GrowthShape::kTurnover:
      return "turnover";
    case GrowthShape::kTwoPoints:
      return "two points";
  }
  return "stopped";
}

Findings BuildFindings(const LastSnapshot& last, std::span<const uint64_t> heap_sizes,
                       const SuspectOptions& options) {
  return Builder(last, heap_sizes, options).Build();
}

}  // namespace leaktrail
