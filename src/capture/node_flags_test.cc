#include "capture/node_flags.h"

#include <gtest/gtest.h>

#include "capture/memory_limits.h"

namespace leaktrail {
namespace {

using Arguments = std::vector<std::string>;

TEST(NodeFlags, TheScriptIsTheFirstWordThatIsNoOptionAndNoOptionsValue) {
  EXPECT_EQ(ScriptIndex({"node", "app.js", "--port", "80"}), 1u);
  EXPECT_EQ(ScriptIndex({"node", "--require", "x", "--inspect=0", "app.js"}), 4u);
  EXPECT_EQ(ScriptIndex({"node", "--", "-app.js"}), 2u);
  EXPECT_EQ(ScriptIndex({"node", "-e", "code"}), std::nullopt);
  EXPECT_EQ(ScriptIndex({"node"}), std::nullopt);
  EXPECT_EQ(ScriptIndex({}), std::nullopt);
}

TEST(NodeFlags, ArgumentsWinOverNodeOptionsAndThoseOfTheScriptAreItsOwn) {
  const Arguments own{"node", "--max-old-space-size=300", "app.js", "--max-old-space-size=1"};
  EXPECT_EQ(FindOldSpaceLimit(own, "--max-old-space-size=200"), 300u << 20);
  EXPECT_EQ(FindOldSpaceLimit({"node", "app.js"}, "--x --max_old_space_size=200"), 200u << 20);
  EXPECT_EQ(FindOldSpaceLimit({"node", "--max-old-space-size=no", "a"}, ""), std::nullopt);
  EXPECT_EQ(FindOldSpaceLimit({"node", "app.js"}, ""), std::nullopt);
}

TEST(NodeFlags, TheInspectorsPortIsWhatWasSaidElse9229) {
  EXPECT_EQ(InspectPort({"node", "app.js"}, ""), 9229);
  EXPECT_EQ(InspectPort({"node", "--inspect", "app.js"}, ""), 9229);
  EXPECT_EQ(InspectPort({"node", "--inspect=127.0.0.1:9300", "app.js"}, ""), 9300);
  EXPECT_EQ(InspectPort({"node", "--inspect-port=0", "app.js"}, ""), 0);
  EXPECT_EQ(InspectPort({"node", "app.js"}, "--inspect-port=9301"), 9301);
  EXPECT_EQ(InspectPort({"node", "--inspect=[::1]:9302", "app.js"}, ""), 9302);
}

TEST(MemoryCgroup, IsTheMemoryControllersElseTheUnifiedOne) {
  EXPECT_EQ(MemoryCgroupOf("4:memory:/a\n0::/b\n")->path, "/a");
  EXPECT_FALSE(MemoryCgroupOf("5:cpu,memory:/a\n")->version_2);
  EXPECT_EQ(MemoryCgroupOf("1:cpu:/a\n0::/b/c\n")->path, "/b/c");
  EXPECT_TRUE(MemoryCgroupOf("0::/b\n")->version_2);
  EXPECT_FALSE(MemoryCgroupOf("garbage\n").has_value());
}

}  // namespace
}  // namespace leaktrail
