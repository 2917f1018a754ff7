#include "report/sarif.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace leaktrail {
namespace {

nlohmann::json Sarif(const std::vector<SarifResult>& results) {
  std::string text;
  JsonWriter json([&](std::string_view piece) { text += piece; });
  WriteSarif({{"leak", "Memory grows with the load"}}, results, &json);
  return nlohmann::json::parse(text);
}

TEST(Sarif, PutsAResultAtItsLineWithItsFingerprint) {
  const nlohmann::json run = Sarif(
      {{"leak", SarifLevel::kWarning, "it grows", "lib/häufig used.js", 12, "abc"}})["runs"][0];
  EXPECT_EQ(run["tool"]["driver"]["rules"][0]["id"], "leak");
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

}  // namespace
}  // namespace leaktrail
