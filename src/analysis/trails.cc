#include "analysis/trails.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "analysis/count_text.h"
#include "analysis/places.h"

namespace leaktrail {
namespace {

constexpr size_t kMaxDown = 32;

struct Telling {
  std::string_view name, text;
};
// What a class says about why its content stays.
constexpr std::array<Telling, 14> kTellingClasses = {{
    {"Promise", "reactions of a promise that was not settled"},
    {"TimersList", "timers that still run"},
    {"Timeout", "a timer that was not cleared"},
    {"Immediate", "an immediate that has not run"},
    {"FinalizationRegistry", "what is registered here keeps itself alive"},
    {"WeakMap", "the key of a WeakMap entry keeps its value"},
    {"AsyncContextFrame", "the store of an AsyncLocalStorage"},
    {"AsyncLocalStorage", "the store of an AsyncLocalStorage"},
    {"AbortSignal", "listeners of a signal that was not aborted"},
    {"ArrayBuffer", "a view keeps the whole buffer"},
    {"EventEmitter", "listeners that were not removed"},
    {"process", "listeners of the process itself"},
    {"MessagePort", "a port that is open"},
    {"Generator", "a generator or async function that did not finish"},
}};
constexpr std::array<Telling, 6> kTellingEdges = {{
    {"_events", "listeners that were not removed"},
    {"<symbol kEvents>", "listeners that were not removed"},
    {"<symbol kResourceStore>", "the store of an AsyncLocalStorage"},
    {"_idleNext", "timers in a row"},
    {"_onTimeout", "the timer's function"},
    {"backing_store", "memory outside of the heap"},
}};

std::string_view Lookup(std::string_view name, const auto& table) {
  for (const Telling& t : table) {
    if (t.name == name) return t.text;
  }
  return {};
}

class Builder {
 public:
  Builder(const LastSnapshot& last, uint32_t group, const HolderChain& chain,
          const CulpritReport& report)
      : last_(last),
        g_(last.graph()),
        packages_(*last.view.packages),
        group_(last.growth.groups[group]),
        group_index_(group),
        chain_(chain),
        report_(report) {}

  std::vector<TrailStep> Build() {
    TrailStep root;
    root.id = g_.id(g_.root());
    root.class_name = "(root)";
    root.is_engine = true;
    steps_.push_back(root);
    for (size_t i = chain_.steps.size(); i-- > 0;) AddHolder(i);
    AddDown();
    MarkCulprit();
    return std::move(steps_);
  }

 private:
  TrailStep StepOf(NodeIndex n) const {
    TrailStep s;
    s.id = g_.id(n);
    s.class_name = DisplayClass(last_, n);
    s.package = packages_.LabelOf(packages_.direct_package(n));
    s.location = PlaceOfNode(last_, n);
    s.is_engine = IsEngine(n);
    return s;
  }

  // One snapshot does not tell what is new.
  const char* What() const { return last_.growth.counts.size() > 1 ? "new objects" : "objects"; }

  bool IsEngine(NodeIndex n) const {
    const NodeType t = g_.type(n);
    if (t == NodeType::kSynthetic || t == NodeType::kNative) return true;
    if (packages_.package(packages_.direct_package(n)).kind == PackageKind::kNode) return true;
    return t == NodeType::kObject && g_.NodeName(n).starts_with("system / ") &&
           !packages_.package(packages_.direct_package(n)).is_userland();
  }

  void SetEdge(TrailStep& s, EdgeIndex e, bool many) const {
    if (!e.valid()) return;
    s.edge_type = EdgeTypeName(g_.edge_type(e));
    s.edge = many ? "[]" : g_.EdgeName(e);
  }

  void AddHolder(size_t i) {
    TrailStep s = StepOf(chain_.steps[i].node);
    // The edge into a step is the one that the step above it has.
    if (i + 1 < chain_.steps.size()) {
      SetEdge(s, chain_.steps[i + 1].edge, chain_.steps[i + 1].many);
    }
    s.grown_count = chain_.held_count;
    if (i == 0) {
      s.is_engine = false;
      s.why = chain_.held_count == chain_.item_count
                  ? fmt::format("holds all {} {}", CountText(chain_.held_count), What())
                  : fmt::format("holds {} of {} {}", CountText(chain_.held_count),
                                CountText(chain_.item_count), What());
    }
    Append(std::move(s), chain_.steps[i].node);
  }

  // The owner's part of the trail is over; from here on ways, not nodes, count.
  void AddDown() {
    if (report_.class_example == 0) return;
    std::vector<uint32_t> down;
    uint32_t n = report_.class_example;
    const Array<uint32_t>& idom = last_.view.dominators->idom;
    while (down.size() < kMaxDown && last_.growth.group_of[n] == group_index_ + 1) {
      down.push_back(n);
      if (idom[n] == n) break;
      n = last_.ways.visible[idom[n]];
    }
    std::reverse(down.begin(), down.end());
    uint32_t above = chain_.steps.empty() ? 0 : chain_.steps.front().node.value();
    for (const uint32_t d : down) {
      TrailStep s = StepOf(NodeIndex(d));
      const auto [edge, inner] = EdgeBetween(above, d);
      SetEdge(s, edge, inner || last_.tree.way(last_.way(NodeIndex(d))).many);
      if (above == 0 && !chain_.steps.empty()) s.edge.clear();
      for (const GroupPart& p : group_.parts) {
        if (p.way == last_.way(NodeIndex(d))) s.grown_count = p.count;
      }
      Append(std::move(s), NodeIndex(d));
      above = d;
    }
    if (steps_.size() > 1 && !down.empty()) steps_.back().is_engine = false;
  }

  // The edge from a visible node to one it holds, directly or through one inner part.
  std::pair<EdgeIndex, bool> EdgeBetween(uint32_t from, uint32_t to) const {
    EdgeIndex found;
    for (const EdgeIndex e : g_.edges_of(NodeIndex(from))) {
      if (g_.target(e).value() != to || g_.edge_type(e) == EdgeType::kWeak) continue;
      if (!found.valid() || !NamedByIndex(g_.edge_type(e))) found = e;
      if (g_.edge_type(e) == EdgeType::kProperty) break;
    }
    if (found.valid()) return {found, NamedByIndex(g_.edge_type(found))};
    const HeldBy by = last_.paths.holder(NodeIndex(to));
    if (by.from.valid()) return {by.edge, by.from.value() != from};
    return {EdgeIndex::None(), false};
  }

  void Append(TrailStep s, NodeIndex n) {
    if (s.why.empty()) {
      std::string_view why = Lookup(s.edge, kTellingEdges);
      if (why.empty()) why = Lookup(g_.NodeName(n), kTellingClasses);
      s.why = why;
    }
    TrailStep& before = steps_.back();
    if (steps_.size() > 1 && before.class_name == s.class_name && before.edge == s.edge &&
        before.package == s.package) {
      ++before.repeat;
      before.id = 0;
      before.grown_count = std::max(before.grown_count, s.grown_count);
      if (before.why.empty()) before.why = s.why;
      return;
    }
    if (s.grown_count > 0 && s.grown_count < chain_.item_count && s.why.empty()) {
      s.why = fmt::format("{} of the {}", CountText(s.grown_count), What());
    }
    steps_.push_back(std::move(s));
  }

  void MarkCulprit() {
    if (!report_.culprit) return;
    const auto mark = [&](TrailStep& s) {
      s.is_culprit = true;
      s.is_engine = false;
      if (s.why.empty()) s.why = "should have been let go here";
    };
    const std::string& package = report_.culprit->place.package;
    // The owner; without one the last step of the culprit's package.
    const NodeIndex owner = chain_.steps.empty() ? NodeIndex::None() : chain_.steps.front().node;
    for (TrailStep& s : steps_) {
      if (owner.valid() && s.id == g_.id(owner)) return mark(s);
    }
    for (TrailStep& s : steps_) {
      if (s.package == package && s.grown_count > 0) return mark(s);
    }
    for (size_t i = steps_.size(); i-- > 0;) {
      if (steps_[i].package == package) return mark(steps_[i]);
    }
  }

  const LastSnapshot& last_;
  const HeapGraph& g_;
  const PackageMap& packages_;
  const GrowthGroup& group_;
  uint32_t group_index_;
  const HolderChain& chain_;
  const CulpritReport& report_;
  std::vector<TrailStep> steps_;
};

void Mix(uint64_t& h, std::string_view text) { h = MixHash(h, HashBytes(text)); }

}  // namespace

std::vector<TrailStep> BuildTrail(const LastSnapshot& last, uint32_t group,
                                  const HolderChain& chain, const CulpritReport& report) {
  return Builder(last, group, chain, report).Build();
}

std::string Fingerprint(const LastSnapshot& last, const CulpritReport& report) {
  const PackageMap& packages = *last.view.packages;
  uint64_t h = HashBytes("leaktrail.fingerprint/2");
  if (report.culprit) {
    const CodePlace& place = report.culprit->place;
    Mix(h, place.package.substr(0, place.package.find('@', 1)));
    Mix(h, place.file);
    Mix(h, place.function);
  }
  if (report.class_example != 0) {
    const NodeIndex n(report.class_example);
    const bool user = packages.package(packages.direct_package(n)).is_userland();
    const bool told = report.culprit && report.culprit->because != Because::kDominator;
    // Functions and scopes are told by the place; which of them comes first is chance.
    const bool object =
        last.graph().type(n) == NodeType::kObject && !IsContext(last.graph(), *last.view.names, n);
    if (!told || (user && object)) Mix(h, DisplayClass(last, n));
  }
  Mix(h, report.container_name);
  return fmt::format("{:016x}", h);
}

}  // namespace leaktrail
