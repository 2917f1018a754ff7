// What must hold on every graph, on many random ones.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#include "analysis/class_summary.h"
#include "analysis/classes.h"
#include "analysis/diff.h"
#include "analysis/distances.h"
#include "analysis/dominators.h"
#include "analysis/retainers.h"
#include "analysis/sizes.h"
#include "analysis/statistics.h"
#include "tests/support/naive.h"
#include "tests/support/random_snapshot.h"

namespace leaktrail::testing {
namespace {

constexpr uint64_t kSeeds = 400;

RandomOptions OptionsFor(uint64_t seed) {
  RandomOptions options;
  options.node_count = static_cast<uint32_t>(1 + seed * 37 % 120);
  options.edges_per_node = 0.8 + static_cast<double>(seed % 5);
  options.large_sizes = seed % 3 == 0;
  options.user_roots = seed % 7 != 0;
  return options;
}

class RandomGraph : public ::testing::Test {
 protected:
  // Runs `check` on graphs of all kinds; stops at the first that fails.
  template <typename F>
  void ForEachGraph(const F& check) {
    for (uint64_t seed = 0; seed < kSeeds && !HasFailure(); ++seed) {
      SCOPED_TRACE(::testing::Message() << "seed " << seed);
      check(BuildGraph(RandomSnapshot(seed, OptionsFor(seed))), seed);
    }
  }
};

std::vector<uint32_t> ToVector(const Array<uint32_t>& a) { return {a.begin(), a.end()}; }

TEST_F(RandomGraph, DominatorsAgreeWithRemovingEachNode) {
  ForEachGraph([](const HeapGraph& graph, uint64_t) {
    EXPECT_EQ(ToVector(ComputeDominators(graph).idom), NaiveDominators(graph));
  });
}

TEST_F(RandomGraph, DominatorsAgreeWithIterationToTheFixpoint) {
  ForEachGraph([](const HeapGraph& graph, uint64_t) {
    EXPECT_EQ(ToVector(ComputeDominators(graph).idom), FixpointDominators(graph));
  });
}

TEST_F(RandomGraph, DominatorsAreTheSameForAnyNumberOfThreads) {
  ForEachGraph([](const HeapGraph& graph, uint64_t) {
    const DominatorTree one = ComputeDominators(graph, 1);
    for (const unsigned threads : {2u, 3u}) {
      const DominatorTree tree = ComputeDominators(graph, threads);
      ASSERT_EQ(ToVector(tree.idom), ToVector(one.idom)) << threads << " threads";
      ASSERT_EQ(ToVector(tree.order), ToVector(one.order));
      ASSERT_EQ(ToVector(tree.subtree_end), ToVector(one.subtree_end));
      ASSERT_EQ(tree.orphan_count, one.orphan_count);
      ASSERT_EQ(tree.cyclic_count, one.cyclic_count);
      for (NodeIndex n : graph.nodes()) {
        ASSERT_EQ(tree.page_objects.contains(n), one.page_objects.contains(n)) << n.value();
      }
    }
  });
}

TEST_F(RandomGraph, DominatorPassFindsThePageObjectsOfTheirDefinition) {
  ForEachGraph([](const HeapGraph& graph, uint64_t) {
    const DominatorTree tree = ComputeDominators(graph);
    const NodeSet page = ComputePageObjects(graph);
    for (NodeIndex n : graph.nodes()) {
      ASSERT_EQ(tree.page_objects.contains(n), page.contains(n)) << n.value();
    }
  });
}

TEST_F(RandomGraph, DominatorOrderHasEveryNodeOnceAndAfterItsDominator) {
  ForEachGraph([](const HeapGraph& graph, uint64_t) {
    const DominatorTree tree = ComputeDominators(graph);
    ASSERT_EQ(tree.order.size(), graph.node_count());
    std::vector<uint32_t> place(graph.node_count(), graph.node_count());
    for (uint32_t i = 0; i < tree.order.size(); ++i) place[tree.order[i]] = i;
    for (uint32_t v = 0; v < graph.node_count(); ++v) {
      ASSERT_LT(place[v], graph.node_count());
      if (v != 0) {
        ASSERT_LT(place[tree.idom[v]], place[v]);
      }
    }
  });
}

TEST_F(RandomGraph, ShallowSizesAgreeWithTheRuleAndAddUp) {
  ForEachGraph([](const HeapGraph& graph, uint64_t) {
    const std::vector<uint64_t> expected = NaiveShallowSizes(graph);
    const ShallowSizes sizes = ComputeShallowSizes(graph);
    uint64_t sum = 0;
    for (NodeIndex n : graph.nodes()) {
      ASSERT_EQ(sizes.of(n), expected[n.value()]) << n.value();
      sum += sizes.of(n);
    }
    EXPECT_EQ(sum, graph.total_self_size());
  });
}

TEST_F(RandomGraph, RetainedSizesAreTheSumsOfWhatIsDominated) {
  ForEachGraph([](const HeapGraph& graph, uint64_t) {
    const DominatorTree tree = ComputeDominators(graph);
    const ShallowSizes sizes = ComputeShallowSizes(graph);
    const Array<uint64_t> retained = ComputeRetainedSizes(graph, tree, sizes);
    std::vector<uint64_t> expected(graph.node_count());
    for (uint32_t v = 0; v < graph.node_count(); ++v) {
      for (uint32_t d = v;; d = tree.idom[d]) {
        expected[d] += sizes.of(NodeIndex(v));
        if (d == 0) break;
      }
    }
    for (uint32_t v = 0; v < graph.node_count(); ++v) ASSERT_EQ(retained[v], expected[v]) << v;
    EXPECT_EQ(retained[0], graph.total_self_size());
  });
}

TEST_F(RandomGraph, ClassRowsAddUpToTheTotalAndRetainNoMore) {
  ForEachGraph([](const HeapGraph& graph, uint64_t) {
    const DetachedNodes detached = FindDetachedNodes(graph);
    const ClassTable classes = ComputeClasses(graph, detached);
    const ShallowSizes sizes = ComputeShallowSizes(graph);
    const DominatorTree tree = ComputeDominators(graph);
    const Array<uint64_t> retained = ComputeRetainedSizes(graph, tree, sizes);
    uint64_t size = 0, count = 0, with_size = 0;
    for (const ClassRow& row : ComputeClassSummary(graph, classes, sizes, tree)) {
      size += row.shallow_size;
      count += row.count;
      EXPECT_GE(row.retained_size, row.shallow_size);
      EXPECT_LE(row.retained_size, graph.total_self_size());
    }
    for (NodeIndex n : graph.nodes()) with_size += sizes.of(n) != 0;
    EXPECT_EQ(size, graph.total_self_size());
    EXPECT_EQ(count, with_size);
  });
}

// What the instances of a class retain that have no other instance above them.
TEST_F(RandomGraph, ClassesRetainWhatTheirTopmostInstancesDoWithAnyNumberOfThreads) {
  ForEachGraph([](const HeapGraph& graph, uint64_t) {
    const ClassTable classes = ComputeClasses(graph, FindDetachedNodes(graph));
    const ShallowSizes sizes = ComputeShallowSizes(graph);
    const DominatorTree tree = ComputeDominators(graph);
    const Array<uint64_t> retained = ComputeRetainedSizes(graph, tree, sizes);
    std::map<uint32_t, uint64_t> expected;
    for (uint32_t v = 0; v < graph.node_count(); ++v) {
      if (sizes.of(NodeIndex(v)) == 0) continue;
      const ClassIndex own = classes.class_of(NodeIndex(v));
      bool topmost = true;
      for (uint32_t d = v; d != 0 && topmost;) {
        d = tree.idom[d];
        topmost = sizes.of(NodeIndex(d)) == 0 || classes.class_of(NodeIndex(d)) != own;
      }
      expected[own.value()] += topmost ? retained[v] : 0;
    }
    for (const unsigned threads : {1u, 2u, 3u, 4u}) {
      std::map<uint32_t, uint64_t> actual;
      for (const ClassRow& row : ComputeClassSummary(graph, classes, sizes, tree, threads)) {
        actual[row.class_index.value()] = row.retained_size;
      }
      ASSERT_EQ(actual, expected) << threads << " threads";
    }
  });
}

TEST_F(RandomGraph, StatisticsAreNoMoreThanTheTotal) {
  ForEachGraph([](const HeapGraph& graph, uint64_t) {
    const HeapStatistics s = ComputeStatistics(graph, ComputeShallowSizes(graph));
    EXPECT_EQ(s.total, graph.total_self_size() + graph.extra_native_bytes());
    EXPECT_LE(s.native_total + s.code + s.strings + s.system, s.total);
    EXPECT_LE(s.typed_arrays, s.native_total);
  });
}

// DevTools: an array's bytes, and its store's if one edge in all leads there.
TEST_F(RandomGraph, BytesOfArraysAreTheirsAndOfStoresThatOneEdgeLeadsTo) {
  ForEachGraph([](const HeapGraph& graph, uint64_t) {
    const ShallowSizes sizes = ComputeShallowSizes(graph);
    std::vector<uint32_t> edges_into(graph.node_count());
    for (const RawEdge& edge : graph.columns().edge) ++edges_into[edge.target];
    constexpr NodeType kOthers[] = {NodeType::kHidden,     NodeType::kNative,
                                    NodeType::kCode,       NodeType::kString,
                                    NodeType::kConsString, NodeType::kSlicedString};
    uint64_t bytes = 0;
    for (NodeIndex n : graph.nodes()) {
      if (!graph.NameIs(n, WellKnown::kArray) || std::ranges::count(kOthers, graph.type(n)) != 0) {
        continue;
      }
      bytes += sizes.of(n);
      for (EdgeIndex e : graph.edges_of(n)) {
        if (graph.edge_type(e) != EdgeType::kInternal ||
            !graph.strings().Is(graph.edge_name(e), WellKnown::kElements)) {
          continue;
        }
        if (edges_into[graph.target(e).value()] == 1) bytes += sizes.of(graph.target(e));
        break;
      }
    }
    EXPECT_EQ(ComputeStatistics(graph, sizes).js_arrays, bytes);
  });
}

TEST_F(RandomGraph, ComparingASnapshotWithItselfShowsNothing) {
  ForEachGraph([](const HeapGraph& graph, uint64_t) {
    const ClassTable classes = ComputeClasses(graph, FindDetachedNodes(graph));
    const ShallowSizes sizes = ComputeShallowSizes(graph);
    const DiffSide side{graph, classes, sizes};
    EXPECT_TRUE(ComputeDiff(side, side, MatchedBy::kNodeId).rows.empty());
    EXPECT_TRUE(ComputeDiff(side, side, MatchedBy::kClass).rows.empty());
    EXPECT_TRUE(NodeIdsComparable(graph, graph));
  });
}

TEST_F(RandomGraph, DiffDeltasAreTheDifferencesOfTheSums) {
  for (uint64_t seed = 0; seed < kSeeds && !HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    const HeapGraph a = BuildGraph(RandomSnapshot(seed, OptionsFor(seed)));
    const HeapGraph b = BuildGraph(RandomSnapshot(seed + 1000, OptionsFor(seed)));
    const ClassTable b_classes = ComputeClasses(b, FindDetachedNodes(b));
    const ClassTable a_classes = ComputeClasses(a, FindDetachedNodes(a), &b_classes.interfaces);
    const ShallowSizes a_sizes = ComputeShallowSizes(a), b_sizes = ComputeShallowSizes(b);
    for (MatchedBy by : {MatchedBy::kNodeId, MatchedBy::kClass}) {
      const auto forth = ComputeDiff({a, a_classes, a_sizes}, {b, b_classes, b_sizes}, by);
      const auto back = ComputeDiff({b, b_classes, b_sizes}, {a, a_classes, a_sizes}, by);
      int64_t there = 0, home = 0;
      uint64_t added = 0, removed = 0;
      for (const DiffRow& row : forth.rows) {
        there += row.size_delta();
        added += row.added_size;
      }
      for (const DiffRow& row : back.rows) {
        home += row.size_delta();
        removed += row.removed_size;
      }
      // A node on both sides is in no row though its size may have changed.
      if (by == MatchedBy::kClass) {
        EXPECT_EQ(there, static_cast<int64_t>(b.total_self_size() - a.total_self_size()));
      }
      EXPECT_EQ(there, -home);
      EXPECT_EQ(added, removed);
    }
  }
}

TEST_F(RandomGraph, DistancesGrowByAtMostOneAlongAnEdgeThatCounts) {
  ForEachGraph([](const HeapGraph& graph, uint64_t) {
    const Array<int32_t> distance = ComputeDistances(graph);
    for (NodeIndex n : graph.nodes()) {
      const int32_t d = distance[n.value()];
      for (EdgeIndex e : graph.edges_of(n)) {
        const EdgeType type = graph.edge_type(e);
        if (type != EdgeType::kProperty && type != EdgeType::kContext) continue;
        if (graph.target(e) == graph.root()) continue;  // its distance is set, not searched
        if (d < 0 || graph.type(n) == NodeType::kArray || graph.type(n) == NodeType::kHidden)
          continue;
        const int32_t t = distance[graph.target(e).value()];
        ASSERT_GE(t, 0);
        ASSERT_LE(t, d + 1);
      }
    }
  });
}

TEST_F(RandomGraph, RetainerIndexHasEveryEdgeOnceInOrder) {
  ForEachGraph([](const HeapGraph& graph, uint64_t) {
    const RetainerIndex index(graph);
    size_t edges = 0;
    for (NodeIndex n : graph.nodes()) {
      const auto into = index.edges_into(n);
      edges += into.size();
      EXPECT_TRUE(std::is_sorted(into.begin(), into.end()));
      for (uint32_t e : into) ASSERT_EQ(graph.target(EdgeIndex(e)), n);
    }
    EXPECT_EQ(edges, graph.edge_count());
  });
}

TEST_F(RandomGraph, RetainingPathsAreSimplePathsFromTheRoot) {
  ForEachGraph([](const HeapGraph& graph, uint64_t) {
    const RetainerIndex index(graph);
    const Array<int32_t> distance = ComputeDistances(graph);
    for (NodeIndex n : graph.nodes()) {
      size_t last_length = 0;
      for (const RetainingPath& path : FindRetainingPaths(graph, index, distance, n, {})) {
        ASSERT_FALSE(path.empty());
        EXPECT_EQ(path.front().node, graph.root());
        EXPECT_EQ(path.back().node, n);
        EXPECT_GE(path.size(), last_length);
        last_length = path.size();
        std::set<uint32_t> seen;
        for (size_t i = 0; i < path.size(); ++i) {
          EXPECT_TRUE(seen.insert(path[i].node.value()).second);
          if (i == 0) continue;
          ASSERT_EQ(graph.target(path[i].edge), path[i].node);
          ASSERT_EQ(graph.FindSource(path[i].edge), path[i - 1].node);
          if (i > 1) {
            ASSERT_NE(graph.edge_type(path[i].edge), EdgeType::kWeak);
          }
        }
      }
      // Whatever the root reaches has a path, unless its one way leads over a WeakMap's table.
      if (n != graph.root() && distance[n.value()] >= 0) {
        EXPECT_FALSE(FindRetainingPaths(graph, index, distance, n, {}).empty()) << n.value();
      }
    }
  });
}

// The order of a node's edges decides which of two equal paths is found first, nothing else.
TEST_F(RandomGraph, EdgeOrderDoesNotChangeDominatorsSizesOrRows) {
  for (uint64_t seed = 0; seed < kSeeds && !HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    SnapshotModel model = RandomSnapshot(seed, OptionsFor(seed));
    const HeapGraph graph = BuildGraph(model);
    RandomNumbers random(seed);
    for (size_t i = model.edges.size(); i > 1; --i) {
      std::swap(model.edges[i - 1], model.edges[random.Below(static_cast<uint32_t>(i))]);
    }
    const HeapGraph shuffled = BuildGraph(model);
    EXPECT_EQ(ToVector(ComputeDominators(graph).idom), ToVector(ComputeDominators(shuffled).idom));
    const ShallowSizes a = ComputeShallowSizes(graph), b = ComputeShallowSizes(shuffled);
    for (NodeIndex n : graph.nodes()) ASSERT_EQ(a.of(n), b.of(n));
  }
}

}  // namespace
}  // namespace leaktrail::testing
