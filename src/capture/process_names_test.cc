#include "capture/process_names.h"

#include <gtest/gtest.h>

#include "capture/proc_files.h"

namespace leaktrail {
namespace {

TEST(Pm2Facts, OfAnAppInForkModeStandInVariables) {
  const std::optional<Pm2Facts> facts =
      FindPm2Facts({"PM2_HOME=/h", "name=api", "pm_id=3", "pm_exec_path=/srv/api.js",
                    "max_memory_restart=314572800", "node_args=--max-old-space-size=64,-r,x"});
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->name.name, "api");
  EXPECT_EQ(facts->name.id, 3);
  EXPECT_EQ(facts->script, "/srv/api.js");
  EXPECT_EQ(facts->restart_bytes, 314'572'800u);
  EXPECT_EQ(facts->node_arguments.size(), 3u);
}

TEST(Pm2Facts, OfAnAppInClusterModeAreOneDocument) {
  const std::optional<Pm2Facts> facts = FindPm2Facts(
      {R"(pm2_env={"name":"web","pm_id":0,"pm_exec_path":"/a.js","max_memory_restart":1000,)"
       R"("node_args":["--inspect"]})"});
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->name.name, "web");
  EXPECT_EQ(facts->restart_bytes, 1000u);
  EXPECT_EQ(facts->node_arguments, std::vector<std::string>{"--inspect"});
}

TEST(Pm2Facts, AreNotThereForWhoOnlyUsesPm2) {
  EXPECT_FALSE(FindPm2Facts({"PM2_HOME=/h", "name=me"}));
  EXPECT_FALSE(FindPm2Facts({"pm2_env={broken", "pm_id=x"}));
  EXPECT_FALSE(FindPm2Facts({}));
}

TEST(Container, IsReadFromTheCgroupsPath) {
  const std::string id(64, 'a');
  EXPECT_EQ(ContainerOfCgroup("0::/system.slice/docker-" + id + ".scope\n").runtime, "docker");
  EXPECT_EQ(ContainerOfCgroup("0::/docker/" + id + "\n").id, "aaaaaaaaaaaa");
  EXPECT_EQ(ContainerOfCgroup("0::/kubepods/pod1/cri-containerd-" + id + "\n").runtime,
            "kubernetes");
  EXPECT_EQ(ContainerOfCgroup("0::/user.slice\n").runtime, "");
}

TEST(ProcFiles, FieldsAreFoundByTheirWholeName) {
  constexpr const char* kText = "VmRSS:\t  12 kB\nVmRSSX: 9 kB\nNSpid:\t7\t1\n";
  EXPECT_EQ(KilobytesOf(kText, "VmRSS"), 12u * 1024);
  EXPECT_EQ(FieldOf(kText, "NSpid"), "7\t1");
  EXPECT_FALSE(FieldOf(kText, "VmRS"));
  EXPECT_EQ(SplitAtNul(std::string_view("a\0\0b\0", 5)), (std::vector<std::string>{"a", "", "b"}));
}

TEST(InspectorAddress, IsNumericAndSurvivesItsText) {
  for (const char* text : {"127.0.0.1:9229", "[::1]:80"}) {
    const Result<InspectorAddress> address = ParseInspectorAddress(text);
    ASSERT_TRUE(address) << text;
    EXPECT_EQ(ToString(*address), text);
  }
  EXPECT_EQ(ParseInspectorAddress("localhost:9229")->host, "127.0.0.1");
  for (const char* text : {"", "9229", "host:9229", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:99999",
                           "127.0.0.1:9x", "::1:80", "[]:1"}) {
    EXPECT_FALSE(ParseInspectorAddress(text)) << text;
  }
}

}  // namespace
}  // namespace leaktrail
