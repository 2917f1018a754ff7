#include "analysis/holders.h"

#include <algorithm>
#include <unordered_map>

namespace leaktrail {
namespace {

constexpr size_t kMaxChain = 64;

bool IsWeakMapEntry(const HeapGraph& graph, EdgeIndex e) {
  return !NamedByIndex(graph.edge_type(e)) &&
         graph.strings().ephemeron(graph.edge_name(e)) != nullptr;
}

void Climb(const LastSnapshot& last, HolderChain& chain) {
  while (chain.steps.size() < kMaxChain) {
    const HolderStep next = VisibleHolder(last, chain.steps.back().node);
    if (!next.node.valid()) return;
    chain.steps.push_back(next);
  }
}

// Owners by shortest ways, for all items of a group.
class Tally {
 public:
  Tally(const LastSnapshot& last, uint32_t group)
      : last_(last), group_(group), found_(last.graph().node_count()) {}

  HolderChain Best() {
    std::unordered_map<uint32_t, uint64_t> votes;                        // way of the owner
    std::unordered_map<uint32_t, std::pair<uint32_t, uint32_t>> sample;  // way → owner, item
    uint64_t all = 0;
    const uint32_t wanted = last_.growth.groups[group_].item_way;
    for (const uint32_t n : last_.view.dominators->order) {
      if (last_.growth.group_of[n] != group_ + 1) continue;
      if (last_.role(NodeIndex(n)) != NodeRole::kVisible || last_.ways.way[n] != wanted) continue;
      const uint32_t owner = OwnerOf(n);
      ++all;
      if (owner == 0) continue;
      const uint32_t way = last_.ways.way[owner];
      ++votes[way];
      sample.emplace(way, std::pair(owner, n));
    }
    // Node links its own objects into lists that user code may hold one member of; the list's
    // owner is Node's too.
    const uint16_t kin = KinOf(wanted);
    uint32_t best = 0;
    uint64_t most = 0;
    bool best_is_kin = false;
    for (const auto& [way, count] : votes) {
      const uint16_t package = last_.view.packages->direct[sample[way].first];
      const bool is_kin = kin != 0 && package == kin && count * 4 >= all;
      const bool better =
          is_kin != best_is_kin ? is_kin : count > most || (count == most && way < best);
      if (!better) continue;
      best = way;
      most = count;
      best_is_kin = is_kin;
    }
    HolderChain chain;
    chain.item_count = all;
    chain.held_count = most;
    if (most == 0) return chain;
    const auto [owner, item] = sample[best];
    chain.item = NodeIndex(item);
    chain.steps.push_back(StepInto(owner, item));
    return chain;
  }

 private:
  // The permanent node of another class above n; 0 if the way ends first. Ways share their upper
  // part, so what was found once is kept.
  uint32_t OwnerOf(uint32_t n) {
    const uint64_t item_class = ClassOf(n);
    std::vector<uint32_t> passed;
    uint32_t at = n, owner = 0;
    while (true) {
      if (found_[at] != 0) {
        owner = found_[at] - 1;
        break;
      }
      passed.push_back(at);
      const HolderStep up = VisibleHolder(last_, NodeIndex(at));
      if (!up.node.valid()) break;
      at = up.node.value();
      if (last_.permanent(up.node) && ClassOf(at) != item_class) {
        owner = at;
        break;
      }
    }
    for (const uint32_t p : passed) found_[p] = owner + 1;
    return owner;
  }
  // Node's package, if the items are Node's own objects.
  uint16_t KinOf(uint32_t way) const {
    for (const GroupPart& p : last_.growth.groups[group_].parts) {
      if (p.way != way || p.example == 0) continue;
      const uint16_t package = last_.view.packages->direct[p.example];
      return last_.view.packages->packages[package].kind == PackageKind::kNode ? package : 0;
    }
    return 0;
  }
  uint64_t ClassOf(uint32_t n) const { return last_.tree.way(last_.ways.way[n]).class_hash; }

  // The step of the item's shortest way that leaves the owner.
  HolderStep StepInto(uint32_t owner, uint32_t item) const {
    uint32_t at = item;
    while (true) {
      HolderStep up = VisibleHolder(last_, NodeIndex(at));
      if (!up.node.valid()) break;
      if (up.node.value() == owner) {
        up.many |= last_.graph().edge_type(up.edge) != EdgeType::kProperty;
        return up;
      }
      at = up.node.value();
    }
    return {NodeIndex(owner), EdgeIndex::None(), true};
  }

  const LastSnapshot& last_;
  uint32_t group_;
  Array<uint32_t> found_;  // by node: 1 + owner
};

// A property or variable of `from` that holds `to`.
EdgeIndex NamedEdge(const HeapGraph& graph, NodeIndex from, NodeIndex to) {
  for (const EdgeIndex e : graph.edges_of(from)) {
    const EdgeType t = graph.edge_type(e);
    if (graph.target(e) == to && (t == EdgeType::kProperty || t == EdgeType::kContext)) return e;
  }
  return EdgeIndex::None();
}

// The older links of a chain are not its owner: that is what holds the chain.
void SkipLinks(const LastSnapshot& last, HolderChain& chain) {
  if (!chain.item.valid() || chain.steps.size() < 2) return;
  const PackageMap& packages = *last.view.packages;
  if (!packages.package(packages.direct_package(chain.item)).is_userland()) return;
  const auto class_of = [&](NodeIndex n) { return last.tree.way(last.way(n)).class_hash; };
  size_t links = 0;
  while (links + 1 < chain.steps.size() &&
         class_of(chain.steps[links].node) == class_of(chain.item)) {
    ++links;
  }
  chain.steps.erase(chain.steps.begin(), chain.steps.begin() + static_cast<ptrdiff_t>(links));
}

const GroupPart* PartOfWay(const GrowthGroup& g, uint32_t way) {
  for (const GroupPart& p : g.parts) {
    if (p.way == way && p.example != 0) return &p;
  }
  return nullptr;
}

// Whether the dominator is a telling owner: it holds the items itself, or user code has it.
bool HoldsItems(const LastSnapshot& last, const GrowthGroup& g) {
  if (g.owner_way == 0) return false;
  if (g.item_way == g.owner_way || last.tree.way(g.item_way).edge_hash != 0) return true;
  if (g.owner_example == 0) return true;
  const PackageMap& packages = *last.view.packages;
  return packages.package(packages.direct_package(NodeIndex(g.owner_example))).is_userland();
}

}  // namespace

HolderStep VisibleHolder(const LastSnapshot& last, NodeIndex n) {
  const NodeIndex below = last.paths.below_visible(n);
  const HeldBy by = last.paths.holder(below);
  if (!by.from.valid() || by.from.value() == 0) return {};
  const auto own = last.graph().edges_of(by.from);
  const bool in_ring = by.edge.value() < (*own.begin()).value() ||
                       by.edge.value() >= (*own.begin()).value() + own.size();
  const bool indexed =
      NamedByIndex(last.graph().edge_type(by.edge)) || IsWeakMapEntry(last.graph(), by.edge);
  return {by.from, by.edge, below != n || indexed || in_ring};
}

HolderChain FindHolders(const LastSnapshot& last, uint32_t group) {
  const GrowthGroup& g = last.growth.groups[group];
  HolderChain chain;
  const GroupPart* part = PartOfWay(g, g.item_way);
  if (!HoldsItems(last, g)) {
    chain = Tally(last, group).Best();
    if (!chain.item.valid() && part != nullptr) chain.item = NodeIndex(part->example);
  } else {
    if (part != nullptr) chain.item = NodeIndex(part->example);
    chain.item_count = g.unit_count();
    chain.held_count = chain.item_count;
    if (g.owner_example != 0) {
      EdgeIndex edge;
      if (!g.by_owner && part != nullptr) {
        edge = NamedEdge(last.graph(), NodeIndex(g.owner_example), chain.item);
      }
      chain.steps.push_back({NodeIndex(g.owner_example), edge, g.by_owner});
    }
  }
  if (!chain.steps.empty()) Climb(last, chain);
  SkipLinks(last, chain);
  return chain;
}

}  // namespace leaktrail
