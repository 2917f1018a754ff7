#include "report/sarif.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace leaktrail {
namespace {

nlohmann::json Sarif(const std::vector<SarifResult>& results) {
  std::string text;
  JsonWriter json([&](std::string_view piece) { text += piece; });
  WriteSarif({{"leak", "Memory grows", "It grew with the load", "Bound it"}}, results, &json);
  return nlohmann::json::parse(text);
}

TEST(Sarif, PutsAResultAtItsLineWithItsFingerprint) {
  const nlohmann::json run = Sarif(
      {{"leak", SarifLevel::kWarning, "it grows", "lib/häufig used.js", 12, "abc"}})["runs"][0];
  // GitHub takes no rule without all of these.
  const nlohmann::json& rule = run["tool"]["driver"]["rules"][0];
  EXPECT_EQ(rule["id"], "leak");
  EXPECT_EQ(rule["shortDescription"]["text"], "Memory grows");
  EXPECT_EQ(rule["fullDescription"]["text"], "It grew with the load");
  EXPECT_EQ(rule["help"]["text"], "Bound it");
  const nlohmann::json& result = run["results"][0];
  EXPECT_EQ(result["level"], "warning");
  EXPECT_EQ(result["message"]["text"], "it grows");
  const nlohmann::json& place = result["locations"][0]["physicalLocation"];
  EXPECT_EQ(place["artifactLocation"]["uri"], "lib/h%C3%A4ufig%20used.js");
  EXPECT_EQ(place["region"]["startLine"], 12);
  EXPECT_EQ(result["partialFingerprints"]["leaktrail/v1"], "abc");
}

TEST(Sarif, NothingFoundIsARunWithoutResults) {
  const nlohmann::json document = Sarif({});
  EXPECT_EQ(document["version"], "2.1.0");
  EXPECT_TRUE(document["runs"][0]["results"].empty());
}

TEST(Sarif, AKnownResultIsSuppressedAndItsStepsHavePlaces) {
  SarifResult known{"leak", SarifLevel::kNote, "it grows", "app.js", 3, "abc"};
  known.is_known = true;
  known.steps = {{"the root", "", 0}, {"holds it", "lib/cache.js", 9}};
  const nlohmann::json result = Sarif({known})["runs"][0]["results"][0];
  EXPECT_EQ(result["suppressions"][0]["kind"], "external");
  const nlohmann::json& steps = result["codeFlows"][0]["threadFlows"][0]["locations"];
  ASSERT_EQ(steps.size(), 1u);
  EXPECT_EQ(steps[0]["location"]["message"]["text"], "holds it");
  EXPECT_EQ(steps[0]["location"]["physicalLocation"]["region"]["startLine"], 9);
}

TEST(Sarif, ARunThatFailedSaysWhy) {
  std::string text;
  JsonWriter json([&](std::string_view piece) { text += piece; });
  WriteSarif({}, {}, SarifInvocation{"1.2.3", "it does not start"}, &json);
  const nlohmann::json run = nlohmann::json::parse(text)["runs"][0];
  EXPECT_EQ(run["tool"]["driver"]["version"], "1.2.3");
  EXPECT_EQ(run["invocations"][0]["executionSuccessful"], false);
  EXPECT_EQ(run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"],
            "it does not start");
}

}  // namespace
}  // namespace leaktrail
