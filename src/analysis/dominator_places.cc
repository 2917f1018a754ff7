#include "analysis/dominator_places.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/parallel.h"

namespace leaktrail {
namespace {

constexpr uint32_t kRoot = NumberedTree::kRoot;
constexpr uint32_t kNone = NumberedTree::kNone;

}  // namespace

DominatorPlaces::DominatorPlaces(const HeapGraph& graph, const HubSample& sample,
                                 const std::vector<bool>& late, const NodeSet& page,
                                 NumberedTree& tree, uint32_t numbered, unsigned threads)
    : graph_(graph),
      sample_(sample),
      late_(late),
      page_(page),
      tree_(tree),
      numbered_(numbered),
      node_count_(graph.node_count()),
      threads_(threads) {}

std::vector<uint32_t> DominatorPlaces::Fill(DominatorTree& result, bool mendable) {
  constexpr int kMostRounds = 3;
  constexpr size_t kMostWrong = 16;
  for (int round = 1;; ++round) {
    const std::vector<LeftOutEdges::WrongHub> wrong = Order(result);
    if (wrong.empty()) return {};
    if (round == kMostRounds || wrong.size() > kMostWrong || !mendable ||
        std::any_of(wrong.begin(), wrong.end(), [](const auto& w) { return w.page_object; })) {
      std::vector<uint32_t> hubs;
      for (const LeftOutEdges::WrongHub& w : wrong) hubs.push_back(w.hub);
      return hubs;
    }
    RestoreDominators(result);
    Array<uint32_t> depth(node_count_ + 1);
    AddEdgesToHubs(graph_, page_, wrong, numbered_, depth, tree_);
  }
}

// Returns the hubs into which edges were left out wrongly.
std::vector<LeftOutEdges::WrongHub> DominatorPlaces::Order(DominatorTree& result) {
  const Array<uint32_t>& place = tree_.dominator;  // after ComputePlaces
  std::vector<uint32_t> dominators_of_hubs;
  for (uint32_t hub : sample_.hubs()) {
    const uint32_t number = tree_.number.of(hub);
    dominators_of_hubs.push_back(number == kNone ? kRoot : tree_.dominator[number]);
  }
  ComputePlaces();
  std::vector<LeftOutEdges::Subtree> subtrees;
  for (uint32_t d : dominators_of_hubs) subtrees.push_back({place[d], end_[d]});
  LeftOutEdges left_out(sample_, late_, page_, std::move(subtrees));
  FillSubtreeEnds(result);
  end_ = {};

  result.order = Array<uint32_t>(node_count_);
  ParallelBlocks(threads_, node_count_, HubSample::kNodeBlock, [&](size_t first, size_t end) {
    HubSample::Reader edges(sample_, static_cast<uint32_t>(first));
    std::array<std::pair<uint32_t, uint32_t>, 256> ahead;  // nodes and numbers, then places
    size_t count = 0;
    const auto put = [&] {
      for (size_t i = 0; i < count; ++i) {
        uint32_t& its_place = ahead[i].second;
        its_place = place[its_place];
        __builtin_prefetch(&result.order[its_place], 1);
      }
      for (size_t i = 0; i < count; ++i) {
        const uint32_t u = ahead[i].first, its_place = ahead[i].second;
        result.order[its_place] = u;
        edges.ForEachOf(u, [&](size_t hub) { left_out.Check(u, its_place, hub); });
      }
      count = 0;
    };
    tree_.number.ForEach(static_cast<uint32_t>(first), static_cast<uint32_t>(end),
                         [&](uint32_t u, uint32_t number) {
                           if (number == kNone) {
                             put();
                             edges.ForEachOf(u, [](size_t) {});
                             return;
                           }
                           __builtin_prefetch(&place[number]);
                           ahead[count++] = {u, number};
                           if (count == ahead.size()) put();
                         });
    put();
  });
  uint32_t last = numbered_;
  for (uint32_t u = 0; last < node_count_ && u < node_count_; ++u) {
    if (tree_.number.of(u) == kNone) result.order[last++] = u;
  }
  return left_out.Wrong();
}

// Subtree sizes from a backward sweep, then every node takes the next free place in its dominator's
// range. Dominators become places.
void DominatorPlaces::ComputePlaces() {
  end_ = Array<uint32_t>(node_count_ + 1);
  constexpr uint32_t kAhead = 64;
  Array<uint32_t>& dominator = tree_.dominator;
  for (uint32_t w = numbered_; w > kRoot; --w) {
    if (w > kAhead) __builtin_prefetch(&end_[dominator[w - kAhead]]);
    end_[dominator[w]] += ++end_[w];
  }
  // From here on end_ is the next free place below the node. A dominator comes before what it
  // dominates.
  dominator[kRoot] = 0;
  end_[kRoot] = 1;
  for (uint32_t w = kRoot + 1; w <= numbered_; ++w) {
    if (w + kAhead <= numbered_) __builtin_prefetch(&end_[dominator[w + kAhead]]);
    uint32_t& next = end_[dominator[w]];
    const uint32_t place = next;
    next += end_[w];
    dominator[w] = place;
    end_[w] = place + 1;
  }
  end_[kRoot] = node_count_;  // unreachable cycles are its last children
}

// The inverse of ComputePlaces.
void DominatorPlaces::RestoreDominators(const DominatorTree& result) {
  struct Open {
    uint32_t number, end;
  };
  std::vector<Open> open = {{kRoot, node_count_}};
  tree_.dominator[kRoot] = kRoot;
  for (uint32_t place = 1; place < numbered_; ++place) {
    while (open.back().end <= place) open.pop_back();
    const uint32_t w = tree_.number.of(result.order[place]);
    tree_.dominator[w] = open.back().number;
    open.push_back({w, result.subtree_end[place]});
  }
}

void DominatorPlaces::FillSubtreeEnds(DominatorTree& result) const {
  constexpr size_t kBlock = size_t{1} << 16;
  result.subtree_end = Array<uint32_t>(node_count_);
  ParallelBlocks(threads_, numbered_, kBlock, [&](size_t first, size_t end) {
    for (size_t w = first + 1; w <= end; ++w) {
      result.subtree_end[tree_.dominator[w]] = end_[w];
    }
  });
  for (uint32_t place = numbered_; place < node_count_; ++place) {
    result.subtree_end[place] = place + 1;
  }
}

}  // namespace leaktrail
