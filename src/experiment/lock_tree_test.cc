#include "experiment/lock_tree.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "experiment/lock_mix.h"

namespace leaktrail {
namespace {

using Json = nlohmann::json;

constexpr const char* kNew = R"({"lockfileVersion": 3, "packages": {
  "": {"name": "app"},
  "node_modules/@a/b": {"version": "1.0.0"},
  "node_modules/own": {"resolved": "packages/own", "link": true},
  "packages/own": {"version": "0.0.1"},
  "node_modules/debug": {"version": "4.1.1", "deprecated": "do not"},
  "node_modules/@a/b/node_modules/debug": {"version": "2.6.9"}}})";
constexpr const char* kOld = R"({"lockfileVersion": 1, "dependencies": {
  "@a/b": {"version": "1.0.0", "dependencies": {"debug": {"version": "2.6.9"}}},
  "debug": {"version": "4.1.0"}, "gone": {"version": "3.0.0"}}})";

TEST(LockTree, ReadsNestedAndFlatLocksAlike) {
  const Result<LockTree> flat = ParseLock(kNew, "new"), nested = ParseLock(kOld, "old");
  ASSERT_TRUE(flat && nested);
  ASSERT_EQ(flat->size(), 3u);
  EXPECT_EQ((*flat)[1].path, "node_modules/@a/b/node_modules/debug");
  EXPECT_EQ((*flat)[1].name, "debug");
  EXPECT_EQ((*flat)[2].deprecated, "do not");
  EXPECT_EQ(VersionsOf(*flat, "debug"), (std::vector<std::string>{"2.6.9", "4.1.1"}));
  const std::vector<LockDifference> differences = CompareLocks(*nested, *flat);
  ASSERT_EQ(differences.size(), 2u);
  EXPECT_EQ(differences[0].path, "node_modules/debug");
  EXPECT_EQ(differences[0].before, "4.1.0");
  EXPECT_EQ(differences[0].after, "4.1.1");
  EXPECT_EQ(differences[1].name, "gone");
  EXPECT_EQ(differences[1].after, "");
}

TEST(LockTree, RefusesWhatIsNoLock) {
  for (const char* text : {"", "[]", "{}", "{\"packages\": 3}", "nonsense"}) {
    const Result<LockTree> tree = ParseLock(text, "x.json");
    ASSERT_FALSE(tree) << text;
    EXPECT_NE(tree.error().message.find("x.json"), std::string::npos);
  }
}

TEST(LockTree, NamesFoldersOutsideOfTheProject) {
  EXPECT_EQ(
      FindFoldersOutside(R"({"packages": {"": {}, "../lib": {}, "node_modules/lib": {"link": true},
                                   "../lib/node_modules/x": {"version": "1.0.0"}}})"),
      std::vector<std::string>{"../lib"});
}

Json Changed(const char* manifest, std::vector<ManifestChange> changes) {
  const Result<std::string> text = ChangeManifest(manifest, changes);
  return text ? Json::parse(*text) : Json();
}

TEST(ChangeManifest, AsksForTheVersionDirectlyAndForEverybodyElse) {
  const Json changed =
      Changed(R"({"devDependencies": {"a": "^1.0.0", "b": "2.0.0"}})", {{"a", "1.5.0", "", true}});
  EXPECT_EQ(changed["devDependencies"]["a"], "1.5.0");
  EXPECT_EQ(changed["devDependencies"]["b"], "2.0.0");
  EXPECT_EQ(changed["overrides"]["a"], "1.5.0");
}

TEST(ChangeManifest, ReplacesOverridesOfThePackageAndKeepsAllOthers) {
  const Json changed = Changed(
      R"({"dependencies": {"@s/a": "1.0.0"},
          "overrides": {"@s/a": "$@s/a", "@s/a@1": {".": "1.0.0", "c": "3.0.0"}, "@s/ab": "4.0.0"}})",
      {{"@s/a", "1.5.0", "", true}});
  EXPECT_EQ(changed["overrides"]["@s/a"], "1.5.0");
  EXPECT_EQ(changed["overrides"]["@s/a@1"], (Json{{"c", "3.0.0"}}));
  EXPECT_EQ(changed["overrides"]["@s/ab"], "4.0.0");
}

TEST(ChangeManifest, LeavesTheOwnDependencyAloneWhereAnotherCopyIsMeant) {
  const Json changed =
      Changed(R"({"dependencies": {"a": "^4.0.0"}})", {{"a", "2.6.8", ">=2.6.0 <=2.6.9", false}});
  EXPECT_EQ(changed["dependencies"]["a"], "^4.0.0");
  EXPECT_EQ(changed["overrides"]["a@>=2.6.0 <=2.6.9"], "2.6.8");
}

TEST(ChangeManifest, KeepsTheRealNameOfAnAlias) {
  const Json changed =
      Changed(R"({"dependencies": {"d": "npm:@s/debug@4.0.0"}})", {{"d", "4.1.0", "", true}});
  EXPECT_EQ(changed["dependencies"]["d"], "npm:@s/debug@4.1.0");
}

TEST(MixLocks, TakesChangedAndNewPackagesFromTheDonor) {
  const char* base =
      R"({"lockfileVersion": 2, "dependencies": {"x": {}}, "packages": {"": {"name": "app"},
    "node_modules/a": {"version": "1.0.0"}, "node_modules/a/node_modules/c": {"version": "1.0.0"},
    "node_modules/b": {"version": "1.0.0"}}})";
  const char* donor = R"({"lockfileVersion": 3, "packages": {"": {"name": "app"},
    "node_modules/a": {"version": "2.0.0"}, "node_modules/b": {"version": "2.0.0"},
    "node_modules/new": {"version": "5.0.0"}}})";
  const Result<std::string> mixed = MixLocks(base, donor, {"a"});
  ASSERT_TRUE(mixed);
  const Json packages = Json::parse(*mixed)["packages"];
  EXPECT_EQ(packages["node_modules/a"]["version"], "2.0.0");
  EXPECT_EQ(packages["node_modules/b"]["version"], "1.0.0");
  EXPECT_EQ(packages["node_modules/new"]["version"], "5.0.0");
  EXPECT_FALSE(Json::parse(*mixed).contains("dependencies"));
}

TEST(MixLocks, RefusesLocksOfOldNpm) {
  const Result<std::string> mixed = MixLocks(kOld, kNew, {});
  ASSERT_FALSE(mixed);
  EXPECT_NE(mixed.error().message.find("npm 6"), std::string::npos);
}

}  // namespace
}  // namespace leaktrail
