#include "analysis/dominated.h"

#include <gtest/gtest.h>

#include "analysis/sizes.h"
#include "tests/support/graph_dsl.h"

namespace leaktrail {
namespace {

using testing::DslGraph;

struct Sized {
  explicit Sized(std::string_view text)
      : dsl(text),
        dominators(ComputeDominators(dsl.graph())),
        retained(ComputeRetainedSizes(dsl.graph(), dominators, ComputeShallowSizes(dsl.graph()))),
        classes(ComputeClasses(dsl.graph(), {})) {}
  std::vector<DominatedNodes> Below(std::vector<NodeIndex> parents, size_t max_largest) const {
    return FindDominated(dsl.graph(), dominators, retained, classes, parents, max_largest);
  }
  std::vector<std::string> Labels(const DominatedNodes& d) const {
    std::vector<std::string> labels;
    for (const NodeIndex n : d.largest) labels.push_back(dsl.label(n));
    return labels;
  }
  DslGraph dsl;
  DominatorTree dominators;
  Array<uint64_t> retained;
  ClassTable classes;
};

constexpr const char* kShop = R"(
    root -shortcut g-> g; g: object G 8
    g -a-> a; g -b-> b; g -c-> c; g -d-> d
    a: object Meter 10; b: object Meter 30; c: object Meter 20; d: object Cart 20
    d -e-> e; e: object Item 5)";

TEST(Dominated, LargestComeFirstThenTheLowerId) {
  const Sized s(kShop);
  const DominatedNodes below = s.Below({s.dsl["g"]}, 3).front();
  EXPECT_EQ(s.Labels(below), (std::vector<std::string>{"b", "d", "c"}));
  EXPECT_EQ(below.count, 4u);
  EXPECT_EQ(below.retained_size, 85u);
}

TEST(Dominated, ClassesCountAllOfThem) {
  const Sized s(kShop);
  const DominatedNodes below = s.Below({s.dsl["g"]}, 1).front();
  ASSERT_EQ(below.classes.size(), 2u);
  EXPECT_EQ(s.classes.key(below.classes[0].class_index).name, "Meter");
  EXPECT_EQ(below.classes[0].count, 3u);
  EXPECT_EQ(below.classes[0].retained_size, 60u);
}

TEST(Dominated, ManyParentsTakeOneScanAndKeepTheirOrder) {
  const Sized s(kShop);
  const auto below = s.Below({s.dsl["d"], s.dsl["a"], s.dsl["root"]}, 9);
  EXPECT_EQ(s.Labels(below[0]), (std::vector<std::string>{"e"}));
  EXPECT_EQ(below[1].count, 0u);
  EXPECT_EQ(s.Labels(below[2]), (std::vector<std::string>{"g"}));
}

TEST(Dominated, OnlyCountsWhenNoneAreWanted) {
  const Sized s(kShop);
  const DominatedNodes below = s.Below({s.dsl["g"]}, 0).front();
  EXPECT_EQ(below.count, 4u);
  EXPECT_TRUE(below.largest.empty());
}

}  // namespace
}  // namespace leaktrail
