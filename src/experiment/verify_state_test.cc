#include "experiment/verify_state.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

namespace leaktrail {
namespace {

std::string PlanPath() {
  return testing::TempDir() + "leaktrail-state-test-" + std::to_string(getpid()) + ".toml";
}

TEST(VerifyState, AKeptArmIsFoundByALaterRunAndGoesWithTheFile) {
  VerifyState state = VerifyState::Fresh(PlanPath());
  KeptArm arm;
  arm.hash = "abc";
  arm.cause = "koa";
  arm.facts.heap = {560, 550, 570, "leak", "it grows"};
  arm.facts.samples = {{1000, 2, 3, 4, 5, ResidentParts{1, 2, 3, 4, -5}}};
  ASSERT_TRUE(state.Keep(arm));
  const Result<VerifyState> later = VerifyState::Read(PlanPath());
  ASSERT_TRUE(later) << later.error().message;
  const KeptArm* found = later->Find("abc");
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->facts.heap.outcome, "leak");
  ASSERT_EQ(found->facts.samples.size(), 1u);
  EXPECT_EQ(found->facts.samples[0].parts->rest, -5);
  EXPECT_EQ(later->Find("abd"), nullptr);
  state.Remove();
  EXPECT_EQ(VerifyState::Read(PlanPath())->size(), 0u);
}

TEST(VerifyState, AFileThatIsNotOursIsAnError) {
  const std::string path = PlanPath() + ".state.json";
  std::ofstream(path) << "{\"schema\":\"other\"}";
  const Result<VerifyState> state = VerifyState::Read(PlanPath());
  ASSERT_FALSE(state);
  EXPECT_NE(state.error().message.find("--fresh"), std::string::npos);
  unlink(path.c_str());
}

TEST(VerifyState, AnotherDefinitionIsAnotherArm) {
  EXPECT_NE(HashOfProject("a", "/nowhere"), HashOfProject("b", "/nowhere"));
}

}  // namespace
}  // namespace leaktrail
