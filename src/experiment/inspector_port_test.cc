#include "experiment/inspector_port.h"

#include <gtest/gtest.h>

#include <vector>

namespace leaktrail {
namespace {

TEST(InspectorPort, IsThereForAWholeClusterAndNeitherZeroNorAClients) {
  for (uint64_t draw : {0ull, 1ull, 7'777ull, 11'935ull, 11'936ull, ~0ull}) {
    const uint16_t port = ChooseInspectorPort({}, draw);
    EXPECT_GE(port, 1024) << draw;
    EXPECT_LT(port + kInspectorPorts, 32'768) << draw;
  }
}

TEST(InspectorPort, DiffersFromDrawToDraw) {
  EXPECT_NE(ChooseInspectorPort({}, 1), ChooseInspectorPort({}, 2));
}

TEST(InspectorPort, LeavesOutWhatIsUsedAndWhatWorkersWouldMeet) {
  const uint16_t first = ChooseInspectorPort({}, 100);
  for (const int ahead : {0, 1, kInspectorPorts - 1}) {
    const std::vector<uint16_t> used{static_cast<uint16_t>(first + ahead)};
    const uint16_t port = ChooseInspectorPort(used, 100);
    EXPECT_TRUE(used[0] < port || used[0] >= port + kInspectorPorts) << ahead;
  }
}

TEST(InspectorPort, TakesThePlaceWithFewestUsedPortsIfNoneIsFree) {
  std::vector<uint16_t> used;
  for (int p = 20'000; p < 32'100; p += 10) {
    if (p != 25'000) used.push_back(static_cast<uint16_t>(p));
  }
  const uint16_t port = ChooseInspectorPort(used, 0);
  EXPECT_LE(port, 25'000);
  EXPECT_GT(port + kInspectorPorts, 25'000);
}

}  // namespace
}  // namespace leaktrail
