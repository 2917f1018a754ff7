#include "analysis/growth.h"

#include <algorithm>
#include <unordered_map>

namespace leaktrail {
namespace {

constexpr uint32_t kNoGroup = 0xFFFFFFFFu;

// Finds or makes the group of an item.
class GroupIndex {
 public:
  GroupIndex(const TrailTree& tree, size_t snapshots) : tree_(tree), snapshots_(snapshots) {}

  uint32_t Find(uint32_t owner_way, uint32_t item_way) {
    const bool by_owner = item_way == owner_way || tree_.way(item_way).many;
    const uint64_t key = by_owner ? uint64_t{owner_way} << 1
                                  : (uint64_t{owner_way} << 32 | uint64_t{item_way}) << 1 | 1;
    if (key == last_key_) return last_;
    const auto [it, fresh] = by_key_.emplace(key, static_cast<uint32_t>(groups_.size()));
    if (fresh) {
      GrowthGroup g;
      g.owner_way = owner_way;
      g.by_owner = by_owner;
      g.item_way = item_way;
      for (auto* v :
           {&g.nodes, &g.bytes, &g.owner_bytes, &g.items, &g.fresh, &g.lasting, &g.lasting_bytes}) {
        v->resize(snapshots_);
      }
      groups_.push_back(std::move(g));
    }
    last_key_ = key;
    last_ = it->second;
    return last_;
  }
  std::vector<GrowthGroup>& groups() { return groups_; }

 private:
  const TrailTree& tree_;
  size_t snapshots_;
  std::vector<GrowthGroup> groups_;
  std::unordered_map<uint64_t, uint32_t> by_key_;
  uint64_t last_key_ = ~uint64_t{0};
  uint32_t last_ = 0;
};

// Sums of each (group, way) of the last snapshot.
class PartIndex {
 public:
  explicit PartIndex(size_t ways) : last_of_way_(ways, {kNoGroup, 0}) {}
  GroupPart& Find(uint32_t group, uint32_t way) {
    auto& [last_group, slot] = last_of_way_[way];
    if (last_group != group) {
      const auto [it, fresh] =
          by_key_.emplace(uint64_t{group} << 32 | way, static_cast<uint32_t>(parts_.size()));
      if (fresh) parts_.push_back({group, {way, 0, 0, 0}});
      last_group = group;
      slot = it->second;
    }
    return parts_[slot].second;
  }
  void MoveTo(std::vector<GrowthGroup>& groups) {
    for (const auto& [group, part] : parts_) groups[group].parts.push_back(part);
    for (GrowthGroup& g : groups) {
      std::stable_sort(g.parts.begin(), g.parts.end(), [](const GroupPart& a, const GroupPart& b) {
        return a.bytes != b.bytes ? a.bytes > b.bytes : a.example < b.example;
      });
    }
  }

 private:
  std::vector<std::pair<uint32_t, uint32_t>> last_of_way_;
  std::unordered_map<uint64_t, uint32_t> by_key_;
  std::vector<std::pair<uint32_t, GroupPart>> parts_;
};

WayCounts CountWays(const SnapshotView& view, const NodeWays& ways, size_t way_count) {
  WayCounts out{std::vector<uint32_t>(way_count), std::vector<uint64_t>(way_count)};
  for (uint32_t n = 0; n < ways.role.size(); ++n) {
    const auto role = static_cast<NodeRole>(ways.role[n]);
    if (role == NodeRole::kNoise) continue;
    out.count[ways.way[n]] += role == NodeRole::kVisible;
    out.bytes[ways.way[n]] += view.graph->self_size(NodeIndex(n));
  }
  return out;
}

// Groups by node ids.
class ById {
 public:
  ById(std::span<const SnapshotView> views, std::span<const NodeWays> ways, const TrailTree& tree,
       const LifeSpans& spans)
      : views_(views),
        ways_(ways),
        tree_(tree),
        spans_(spans),
        index_(tree, views.size()),
        parts_(tree.size()) {}

  void Run(Growth& out) {
    const size_t n = views_.size();
    std::vector<std::vector<uint64_t>> permanent_bytes(n);
    for (size_t k = 0; k < n; ++k) {
      permanent_bytes[k].resize(tree_.size());
      Array<uint32_t> group_of = Visit(k, permanent_bytes[k]);
      if (k + 1 == n) out.group_of = std::move(group_of);
    }
    AddOwnersBytes(permanent_bytes);
    parts_.MoveTo(index_.groups());
    out.groups = std::move(index_.groups());
  }

 private:
  struct Life {
    uint8_t first, last;
  };

  Array<uint32_t> Visit(size_t k, std::vector<uint64_t>& permanent_bytes) {
    const SnapshotView& v = views_[k];
    const NodeWays& w = ways_[k];
    const HeapGraph& g = *v.graph;
    const auto last = static_cast<uint8_t>(views_.size() - 1);
    Array<uint32_t> group_of(g.node_count());  // 1 + group
    Array<uint8_t> first(g.node_count()), until(g.node_count());
    if (g.node_count() == 0 || group_of.empty() || first.empty() || until.empty()) return group_of;
    until[0] = last;
    constexpr size_t kAhead = 24;  // the tree's order jumps through the graph
    const Array<uint32_t>& order = v.dominators->order;
    for (size_t place = 1; place < order.size(); ++place) {  // the root is at place 0
      if (place + kAhead < order.size()) {
        const uint32_t soon = order[place + kAhead];
        __builtin_prefetch(&v.dominators->idom[soon]);
        __builtin_prefetch(&w.role[soon]);
        __builtin_prefetch(&w.way[soon]);
        __builtin_prefetch(&w.visible[soon]);
        __builtin_prefetch(&g.columns().self_size[soon]);
        __builtin_prefetch(&g.columns().id[soon]);
        __builtin_prefetch(&first[soon], 1);
        __builtin_prefetch(&until[soon], 1);
        __builtin_prefetch(&group_of[soon], 1);
      }
      const uint32_t n = order[place];
      const uint32_t up = v.dominators->idom[n];
      const auto role = static_cast<NodeRole>(w.role[n]);
      if (role == NodeRole::kNoise) continue;
      const uint32_t visible = w.visible[n];
      const uint64_t size = g.self_size(NodeIndex(n));
      if (role == NodeRole::kAbsorbed) {
        Absorb(k, group_of[visible], w.way[n], visible, size, first[visible], permanent_bytes);
        continue;
      }
      const uint32_t above = w.visible[up];
      Life life{first[above], until[above]};
      const uint32_t id = IdentityOf(g, NodeIndex(n));
      if (LifeSpans::HasIdentity(id)) {
        const LifeSpans::Span s = spans_.of(id);
        life = {s.first, s.last};
      }
      first[n] = life.first;
      until[n] = life.last;
      if (life.first == 0 && life.last == last) {
        permanent_bytes[w.way[n]] += size;
        continue;
      }
      const bool item = group_of[above] == 0;
      const uint32_t group = item ? index_.Find(w.way[above], w.way[n]) : group_of[above] - 1;
      group_of[n] = group + 1;
      GrowthGroup& gr = index_.groups()[group];
      ++gr.nodes[k];
      gr.items[k] += item;
      gr.bytes[k] += size;
      gr.fresh[k] += life.first == k && k > 0;
      if (k == last) {
        ++gr.lasting[life.first];
        gr.lasting_bytes[life.first] += size;
        GroupPart& part = parts_.Find(group, w.way[n]);
        ++part.count;
        part.bytes += size;
        if (part.example == 0) part.example = n;
        if (gr.owner_example == 0) gr.owner_example = above;
      }
    }
    return group_of;
  }

  // A native node is as old as the JavaScript object that wraps it.
  static uint32_t IdentityOf(const HeapGraph& g, NodeIndex n) {
    const uint32_t own = g.id(n);
    if (LifeSpans::HasIdentity(own) || g.type(n) != NodeType::kNative) return own;
    for (const EdgeIndex e : g.edges_of(n)) {
      const NodeIndex t = g.target(e);
      if (g.type(t) == NodeType::kObject && LifeSpans::HasIdentity(g.id(t))) return g.id(t);
    }
    return own;
  }

  void Absorb(size_t k, uint32_t group_plus_one, uint32_t way, uint32_t visible, uint64_t size,
              uint8_t born, std::vector<uint64_t>& permanent_bytes) {
    if (group_plus_one == 0) {
      permanent_bytes[way] += size;
      if (k + 1 == views_.size()) owner_example_.emplace(way, visible);
      return;
    }
    GrowthGroup& gr = index_.groups()[group_plus_one - 1];
    gr.bytes[k] += size;
    if (k + 1 == views_.size()) {
      gr.lasting_bytes[born] += size;
      parts_.Find(group_plus_one - 1, way).bytes += size;
    }
  }

  // What permanent nodes themselves gained: to the group of their elements, or one of its own.
  void AddOwnersBytes(const std::vector<std::vector<uint64_t>>& permanent_bytes) {
    constexpr uint64_t kWorthwhile = 512;
    for (uint32_t way = 0; way < tree_.size(); ++way) {
      const uint64_t before = permanent_bytes.front()[way], after = permanent_bytes.back()[way];
      if (after < before + kWorthwhile) continue;
      GrowthGroup& gr = index_.groups()[index_.Find(way, way)];
      for (size_t k = 0; k < permanent_bytes.size(); ++k) {
        gr.owner_bytes[k] = permanent_bytes[k][way];
        gr.bytes[k] += permanent_bytes[k][way];
      }
      if (gr.owner_example == 0) {
        const auto it = owner_example_.find(way);
        if (it != owner_example_.end()) gr.owner_example = it->second;
      }
    }
  }

  std::span<const SnapshotView> views_;
  std::span<const NodeWays> ways_;
  const TrailTree& tree_;
  const LifeSpans& spans_;
  GroupIndex index_;
  PartIndex parts_;
  std::unordered_map<uint32_t, uint32_t> owner_example_;  // way → node
};

// Groups by the counts of ways.
class ByCounts {
 public:
  ByCounts(std::span<const SnapshotView> views, std::span<const NodeWays> ways,
           const TrailTree& tree, const std::vector<WayCounts>& counts)
      : views_(views),
        ways_(ways),
        tree_(tree),
        counts_(counts),
        index_(tree, views.size()),
        parts_(tree.size()) {}

  void Run(Growth& out) {
    // Parents come before their children in the tree.
    std::vector<uint32_t> group_of_way(tree_.size(), kNoGroup);
    std::vector<uint8_t> is_item(tree_.size());
    for (uint32_t w = 1; w < tree_.size(); ++w) {
      const uint32_t parent = tree_.way(w).parent;
      const bool inherits = group_of_way[parent] != kNoGroup && !GrowsAlone(w, parent);
      if (inherits) {
        group_of_way[w] = group_of_way[parent];
      } else if (Grows(w)) {
        group_of_way[w] = index_.Find(parent, w);
        is_item[w] = 1;
      }
    }
    const size_t n = views_.size();
    for (uint32_t w = 1; w < tree_.size(); ++w) {
      if (group_of_way[w] == kNoGroup) {
        AddOwner(w);
        continue;
      }
      GrowthGroup& gr = index_.groups()[group_of_way[w]];
      for (size_t k = 0; k < n; ++k) {
        gr.nodes[k] += counts_[k].count[w];
        gr.bytes[k] += counts_[k].bytes[w];
        if (is_item[w]) gr.items[k] += counts_[k].count[w];
        if (k == 0) continue;
        const uint64_t more = Rise(counts_[k].count[w], counts_[k - 1].count[w]);
        gr.fresh[k] += more;
        gr.lasting[k] += more;
        gr.lasting_bytes[k] += Rise(counts_[k].bytes[w], counts_[k - 1].bytes[w]);
      }
    }
    MarkNodes(group_of_way, out);
    parts_.MoveTo(index_.groups());
    out.groups = std::move(index_.groups());
  }

 private:
  static uint64_t Rise(uint64_t now, uint64_t before) { return now > before ? now - before : 0; }
  uint64_t First(uint32_t w) const { return counts_.front().count[w]; }
  uint64_t Last(uint32_t w) const { return counts_.back().count[w]; }

  bool Grows(uint32_t w) const {
    // Of one snapshot: what is there in large numbers below one owner.
    constexpr uint64_t kMany = 100;
    if (counts_.size() == 1) return tree_.way(w).many && Last(w) >= kMany;
    constexpr uint64_t kSlack = 3;
    return Last(w) > First(w) + kSlack + First(w) / 20;
  }
  // Far more new ones than the growth of the parent explains: the parent's growth is by the way.
  bool GrowsAlone(uint32_t w, uint32_t parent) const {
    if (counts_.size() == 1 || !Grows(w)) return false;
    const uint64_t parents = Rise(Last(parent), First(parent));
    const uint64_t each = std::max<uint64_t>(1, First(w) / std::max<uint64_t>(1, First(parent)));
    return Rise(Last(w), First(w)) > 8 * each * parents + 16;
  }

  void AddOwner(uint32_t w) {
    constexpr uint64_t kWorthwhile = 512;
    if (counts_.back().bytes[w] < counts_.front().bytes[w] + kWorthwhile) return;
    GrowthGroup& gr = index_.groups()[index_.Find(w, w)];
    for (size_t k = 0; k < counts_.size(); ++k) {
      gr.owner_bytes[k] = counts_[k].bytes[w];
      gr.bytes[k] += counts_[k].bytes[w];
    }
  }

  void MarkNodes(const std::vector<uint32_t>& group_of_way, Growth& out) {
    const SnapshotView& v = views_.back();
    const NodeWays& w = ways_.back();
    out.group_of = Array<uint32_t>(v.graph->node_count());
    std::unordered_map<uint32_t, std::vector<uint32_t>> owners;  // way → groups without example
    for (uint32_t g = 0; g < index_.groups().size(); ++g) {
      owners[index_.groups()[g].owner_way].push_back(g);
    }
    for (const uint32_t n : v.dominators->order) {
      if (n >= out.group_of.size()) return;
      const auto role = static_cast<NodeRole>(w.role[n]);
      if (role == NodeRole::kNoise) continue;
      const uint32_t way = w.way[n], group = group_of_way[way];
      const bool visible = role == NodeRole::kVisible;
      if (visible && n != 0) {
        if (const auto it = owners.find(way); it != owners.end()) {
          for (const uint32_t g : it->second) index_.groups()[g].owner_example = n;
          owners.erase(it);
        }
      }
      if (group == kNoGroup || n == 0) continue;
      out.group_of[n] = group + 1;
      GroupPart& part = parts_.Find(group, way);
      part.count += visible;
      part.bytes += v.graph->self_size(NodeIndex(n));
      if (visible && part.example == 0) part.example = n;
    }
  }

  std::span<const SnapshotView> views_;
  std::span<const NodeWays> ways_;
  const TrailTree& tree_;
  const std::vector<WayCounts>& counts_;
  GroupIndex index_;
  PartIndex parts_;
};

void ChooseItemWays(std::vector<GrowthGroup>& groups, const TrailTree& tree) {
  for (GrowthGroup& g : groups) {
    if (!g.by_owner) continue;
    const GroupPart* best = nullptr;
    for (const GroupPart& p : g.parts) {
      const bool item = tree.way(p.way).parent == g.owner_way || p.way == g.owner_way;
      if (item && (best == nullptr || p.count > best->count)) best = &p;
    }
    g.item_way = best != nullptr ? best->way : g.owner_way;
  }
}

}  // namespace

uint64_t GrowthGroup::grown_bytes() const {
  uint64_t sum = 0;
  for (size_t k = 1; k < lasting_bytes.size(); ++k) sum += lasting_bytes[k];
  if (!owner_bytes.empty() && owner_bytes.back() > owner_bytes.front()) {
    sum += owner_bytes.back() - owner_bytes.front();
  }
  return sum;
}

uint64_t GrowthGroup::grown_count() const {
  uint64_t sum = 0;
  for (size_t k = 1; k < lasting.size(); ++k) sum += lasting[k];
  return sum;
}

uint64_t GrowthGroup::unit_count() const {
  constexpr uint64_t kChain = 64;  // so many parts to one item are links
  uint64_t item_count = 0, most = 0;
  for (const GroupPart& p : parts) {
    if (p.way == item_way) item_count += p.count;
    most = std::max(most, p.count);
  }
  return item_count * kChain > most ? item_count : most;
}

Growth ComputeGrowth(std::span<const SnapshotView> views, std::span<const NodeWays> ways,
                     const TrailTree& tree, MatchedBy matched_by) {
  Growth out;
  out.matched_by = matched_by;
  for (size_t k = 0; k < views.size(); ++k) {
    out.counts.push_back(CountWays(views[k], ways[k], tree.size()));
  }
  if (matched_by == MatchedBy::kNodeId && views.size() > 1) {
    std::vector<const HeapGraph*> graphs;
    for (const SnapshotView& v : views) graphs.push_back(v.graph);
    const LifeSpans spans(graphs);
    ById(views, ways, tree, spans).Run(out);
  } else {
    ByCounts(views, ways, tree, out.counts).Run(out);
  }
  ChooseItemWays(out.groups, tree);
  // group_of points into the vector, so the order stays; callers sort what they pick.
  return out;
}

}  // namespace leaktrail
