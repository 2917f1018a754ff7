#include "analysis/ending_timers.h"

namespace leaktrail {
namespace {

constexpr uint64_t kTimeout = HashName("Timeout");
constexpr uint64_t kRepeat = HashName("_repeat");
constexpr uint64_t kOnTimeout = HashName("_onTimeout");
constexpr uint64_t kNull = HashName("null");
constexpr uint64_t kUndefined = HashName("undefined");

// Waits, and will fire once.
bool FiresOnce(const LastSnapshot& last, NodeIndex n) {
  const HeapGraph& g = last.graph();
  const NameHashes& names = *last.view.names;
  if (g.type(n) != NodeType::kObject || names.of(g.name(n)) != kTimeout) return false;
  bool once = false, waits = false;
  for (const EdgeIndex e : g.edges_of(n)) {
    if (g.edge_type(e) != EdgeType::kProperty) continue;
    const uint64_t edge = names.of(g.edge_name(e)), target = names.of(g.name(g.target(e)));
    once |= edge == kRepeat && (target == kNull || target == kUndefined);
    waits |= edge == kOnTimeout && g.type(g.target(e)) == NodeType::kClosure;
  }
  return once && waits;
}

// The key of the timer's list: timerListMap[60000].
std::string DelayOf(const LastSnapshot& last, NodeIndex timer) {
  constexpr int kReach = 4;
  NodeIndex n = timer;
  for (int i = 0; i < kReach; ++i) {
    const HolderStep up = VisibleHolder(last, n);
    if (!up.node.valid()) return "";
    if (up.edge.valid() && last.graph().edge_type(up.edge) == EdgeType::kElement &&
        last.graph().NodeName(n) == "TimersList") {
      return last.graph().EdgeName(up.edge);
    }
    n = up.node;
  }
  return "";
}

}  // namespace

std::optional<EndingTimer> FindEndingTimer(const LastSnapshot& last,
                                           std::span<const uint32_t> groups, uint64_t items) {
  for (const uint32_t group : groups) {
    for (const GroupPart& p : last.growth.groups[group].parts) {
      if (p.example == 0 || p.count * 2 < items) continue;
      if (FiresOnce(last, NodeIndex(p.example)))
        return EndingTimer{DelayOf(last, NodeIndex(p.example))};
    }
  }
  return std::nullopt;
}

}  // namespace leaktrail
