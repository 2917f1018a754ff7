#include "analysis/left_out_edges.h"

#include <algorithm>
#include <queue>
#include <utility>

#include "analysis/node_marks.h"

namespace leaktrail {

LeftOutEdges::LeftOutEdges(const HubSample& sample, const std::vector<bool>& late,
                           const NodeSet& page, std::vector<Subtree> subtrees)
    : sample_(sample),
      late_(late),
      page_(page),
      subtrees_(std::move(subtrees)),
      wrong_(subtrees_.size()) {}

void LeftOutEdges::CheckClosely(uint32_t node, uint32_t place, size_t hub, bool dominated) {
  const uint32_t hub_node = sample_.hubs()[hub];
  const bool from_page = page_.contains(NodeIndex(node));
  if (!from_page && (dominated || page_.contains(NodeIndex(hub_node)))) return;
  const bool page_object = from_page && late_[hub];
  const std::lock_guard<std::mutex> lock(mutex_);
  WrongHub& wrong = wrong_[hub];
  if (wrong.hub == 0) {
    wrong = {hub_node, place, node, place, node, page_object};
    return;
  }
  wrong.page_object |= page_object;
  if (place < wrong.first_place) {
    wrong.first_place = place;
    wrong.first_from = node;
  }
  if (place > wrong.last_place) {
    wrong.last_place = place;
    wrong.last_from = node;
  }
}

std::vector<LeftOutEdges::WrongHub> LeftOutEdges::Wrong() {
  std::erase_if(wrong_, [](const WrongHub& w) { return w.hub == 0; });
  return std::move(wrong_);
}

namespace {

class EdgeAdder {
 public:
  EdgeAdder(const HeapGraph& graph, const NodeSet& page,
            std::span<const LeftOutEdges::WrongHub> hubs, uint32_t numbered, Array<uint32_t>& depth,
            NumberedTree& tree)
      : graph_(graph),
        page_(page),
        hubs_(hubs),
        numbered_(numbered),
        depth_(depth),
        tree_(tree),
        waiting_(graph.node_count()) {
    for (const auto& h : hubs) waiting_.insert(NodeIndex(h.hub));
  }

  void Run() {
    for (const LeftOutEdges::WrongHub& h : hubs_) {
      ComputeDepths();
      const uint32_t hub = tree_.number.of(h.hub);
      uint32_t z = tree_.dominator[hub];
      for (uint32_t from : {h.first_from, h.last_from}) z = Common(z, tree_.number.of(from));
      if (z != tree_.dominator[hub]) MoveTo(z, h.hub);
      waiting_.erase(NodeIndex(h.hub));
    }
  }

 private:
  // A dominator has a smaller number than what it dominates.
  void ComputeDepths() {
    depth_[NumberedTree::kRoot] = 0;
    for (uint32_t w = NumberedTree::kRoot + 1; w <= numbered_; ++w) {
      depth_[w] = depth_[tree_.dominator[w]] + 1;
    }
  }

  uint32_t Common(uint32_t a, uint32_t b) const {
    while (a != b) (a > b ? a : b) = tree_.dominator[a > b ? a : b];
    return a;
  }

  // Of the edges that were added or need not be.
  bool Counts(uint32_t from, const RawEdge& edge) const {
    const NodeIndex source(from), target(edge.target);
    if (edge.target == 0 || edge.target == from || IsNeverEssential(graph_, from, edge) ||
        (!page_.contains(source) && page_.contains(target))) {
      return false;
    }
    if (!waiting_.contains(target)) return true;
    const uint32_t d = tree_.dominator[tree_.number.of(edge.target)];
    return Common(d, tree_.number.of(from)) == d;
  }

  void MoveTo(uint32_t z, uint32_t hub) {
    const GraphColumns& c = graph_.columns();
    const uint32_t least = depth_[z] + 2;
    struct Step {
      uint32_t depth, node;
      bool operator<(const Step& o) const { return depth < o.depth; }
    };
    std::priority_queue<Step> affected;  // the deepest first
    std::vector<uint32_t> moved, open;
    NodeSet met(graph_.node_count());
    met.insert(NodeIndex(hub));
    affected.push({depth_[tree_.number.of(hub)], hub});
    while (!affected.empty()) {
      const Step step = affected.top();
      affected.pop();
      moved.push_back(step.node);
      open.push_back(step.node);
      while (!open.empty()) {
        const uint32_t u = open.back();
        open.pop_back();
        for (uint32_t e = c.first_edge[u]; e < c.first_edge[u + 1]; ++e) {
          const NodeIndex target(c.edge[e].target);
          if (met.contains(target)) continue;
          const uint32_t number = tree_.number.of(target.value());
          if (number == NumberedTree::kNone || depth_[number] < least || !Counts(u, c.edge[e])) {
            continue;
          }
          met.insert(target);
          if (depth_[number] > step.depth) {
            open.push_back(target.value());
          } else {
            affected.push({depth_[number], target.value()});
          }
        }
      }
    }
    for (uint32_t node : moved) tree_.dominator[tree_.number.of(node)] = z;
  }

  const HeapGraph& graph_;
  const NodeSet& page_;
  const std::span<const LeftOutEdges::WrongHub> hubs_;
  const uint32_t numbered_;
  Array<uint32_t>& depth_;
  NumberedTree& tree_;
  NodeSet waiting_;  // hubs whose edges are not all added yet
};

}  // namespace

void AddEdgesToHubs(const HeapGraph& graph, const NodeSet& page,
                    std::span<const LeftOutEdges::WrongHub> hubs, uint32_t numbered,
                    Array<uint32_t>& depth, NumberedTree& tree) {
  EdgeAdder(graph, page, hubs, numbered, depth, tree).Run();
}

}  // namespace leaktrail
