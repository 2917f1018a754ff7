#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "report/findings_report.h"

namespace leaktrail {
namespace {

constexpr const char* kMeters = "@acme/meters@1.2.0";

// Three snapshots of a service that keeps a meter for each request.
FindingsReport MeterLeak() {
  FindingsReport report;
  for (const char* file : {"1.heapsnapshot", "2.heapsnapshot", "3.heapsnapshot"}) {
    report.snapshots.push_back({file, 10, 20, 5});
  }
  Findings& f = report.findings;
  f.verdict = Verdict::kLeak;
  f.reason = "4000 objects were born in every step and none of them was let go";
  f.growth.heap_bytes_per_unit = 1.2e6;
  f.heap_size = {8'200'000, 9'400'000, 10'600'000};
  const CodePlace add{kMeters, "lib/registry.js", 9, 11, "add"};
  f.culprit = Culprit{add, Because::kConstructor};

  Suspect s;
  s.rank = 1;
  s.class_name = "Meter";
  s.location = CodePlace{kMeters, "lib/registry.js", 21, 9, ""};
  s.package = kMeters;
  s.count = {1000, 3000, 5000};
  s.retained_size = {100'000, 300'000, 500'000};
  s.grown_count = 4000;
  s.grown_size = 400'000;
  s.grows_with = {"Timeout", "Average"};
  s.owner = SuspectOwner{"Map", "registry.meters", kMeters, std::nullopt, {1000, 3000, 5000}};
  s.culprit = f.culprit;
  s.trail = {
      {1, "(root)", "", "", "", std::nullopt, "", false, false, 1, 4000},
      {3, "global / ", "global", "shortcut", "", std::nullopt, "", false, false, 1, 4000},
      {9, "Registry", "registry", "property", kMeters,
       CodePlace{kMeters, "lib/registry.js", 5, 15, ""}, "", false, false, 1, 4000},
      {11, "Map", "meters", "property", kMeters, std::nullopt, "holds 4000 of the new objects",
       true, false, 1, 4000},
      {13, "(array)", "table", "internal", "", std::nullopt, "", false, true, 1, 4000},
      {0, "Entry", "next", "property", "", std::nullopt, "", false, false, 2000, 4000},
      {15, "Meter", "value", "context", kMeters, s.location, "", false, false, 1, 4000},
  };
  s.fingerprint = "0123456789abcdef";
  s.confidence = 0.97;
  f.suspects = {s};
  return report;
}

TEST(FindingsText, SaysVerdictCulpritAndTrailInThisOrder) {
  EXPECT_EQ(FindingsText(MeterLeak(), {}),
            R"(Leak in @acme/meters@1.2.0: +1.2 MB per snapshot
4000 objects were born in every step and none of them was let go.

culprit    @acme/meters@1.2.0 › lib/registry.js:9 add()
because    its code makes the growing objects
heap       8.2 MB → 9.4 MB → 10.6 MB

suspect 1  +4,000 Meter, keep 400 kB
made in    @acme/meters@1.2.0 › lib/registry.js:21
count      1,000 → 3,000 → 5,000  (steady)
with       Timeout, Average
in         registry.meters (Map), holds 1,000 → 3,000 → 5,000, @acme/meters@1.2.0
trail      (root)
           ├─ global → global /
           ├─ registry → Registry     @acme/meters@1.2.0 › lib/registry.js:5
           ├─ meters → Map            @acme/meters@1.2.0                       ◀ holds 4000 of the new objects
           ├─ next → Entry ×2,000
           ╰→ variable value → Meter  @acme/meters@1.2.0 › lib/registry.js:21
           1 step of the engine not shown (--verbose)
)");
}

TEST(FindingsText, NamesTheServicesOwnFunctionThatCalledThePackage) {
  FindingsReport report = MeterLeak();
  Suspect& suspect = report.findings.suspects.front();
  suspect.allocation_stack = {{"add", "lib/registry.js", kMeters, 9, 11},
                              {"count", "lib/count.js", "app", 4, 1},
                              {"", "app.js", "app", 30, 2}};
  constexpr const char* kLine = "called by  app › lib/count.js:4 count()\n";
  EXPECT_NE(FindingsText(report, {}).find(kLine), std::string::npos) << FindingsText(report, {});
  report.findings.culprit->place.package = "app";
  EXPECT_EQ(FindingsText(report, {}).find("called by"), std::string::npos);
}

TEST(FindingsText, ShowsTheEnginesStepsAndTheFingerprintWhenVerbose) {
  const std::string text = FindingsText(MeterLeak(), {.verbose = true});
  EXPECT_NE(text.find("├─ table → (array) @13"), std::string::npos) << text;
  EXPECT_NE(text.find("fingerprint 0123456789abcdef, confidence 97%"), std::string::npos) << text;
  EXPECT_NE(text.find("2.heapsnapshot  10 nodes"), std::string::npos) << text;
}

TEST(FindingsText, CountsSuspectsThatAreTooSmallToMatter) {
  FindingsReport report = MeterLeak();
  Suspect small = report.findings.suspects.front();
  small.rank = 2;
  small.class_name = "Trifle";
  small.grown_size = 3'999;
  report.findings.suspects.push_back(small);
  const std::string text = FindingsText(report, {});
  EXPECT_EQ(text.find("Trifle"), std::string::npos);
  EXPECT_NE(text.find("also       1 below 1% of that"), std::string::npos) << text;
  EXPECT_NE(FindingsText(report, {.verbose = true}).find("Trifle"), std::string::npos);
  report.findings.suspects.back().grown_size = 4'000;
  EXPECT_NE(FindingsText(report, {}).find("Trifle"), std::string::npos);
}

TEST(FindingsText, StaysWithinTheWidth) {
  const std::string text = FindingsText(MeterLeak(), {.width = 70});
  size_t widest = 0, begin = 0;
  for (size_t end; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1) {
    size_t points = 0;
    for (size_t i = begin; i < end; ++i) points += (text[i] & 0xC0) != 0x80;
    widest = std::max(widest, points);
  }
  EXPECT_LE(widest, 70u) << text;
}

TEST(FindingsText, OnlyListsWhatGrewWhenThereIsNoLeak) {
  FindingsReport report = MeterLeak();
  report.findings.verdict = Verdict::kNoLeak;
  report.findings.culprit.reset();
  const std::string text = FindingsText(report, {});
  EXPECT_TRUE(text.starts_with("No leak\n")) << text;
  EXPECT_EQ(text.find("trail"), std::string::npos) << text;
}

TEST(FindingsText, NamesOutOfTheHeapAreEscaped) {
  FindingsReport report = MeterLeak();
  report.findings.culprit->place.package = "\x1b[2J";
  report.findings.suspects[0].trail[2].edge = "\n\x07";
  const std::string text = FindingsText(report, {});
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_EQ(text.find('\x07'), std::string::npos);
}

TEST(FindingsJson, HasTheKeysOfItsSchema) {
  std::string text;
  JsonWriter json([&](std::string_view piece) { text += piece; });
  WriteFindingsJson(MeterLeak(), &json);
  const auto doc = nlohmann::json::parse(text);
  EXPECT_EQ(doc["schema"], "leaktrail.findings/1");
  EXPECT_EQ(doc["verdict"], "leak");
  EXPECT_EQ(doc["growth"]["unit"], "snapshot");
  EXPECT_TRUE(doc["growth"]["rss_bytes_per_unit"].is_null());
  EXPECT_EQ(doc["culprit"]["file"], "lib/registry.js");
  EXPECT_EQ(doc["culprit"]["because"], "constructor");
  const auto& suspect = doc["suspects"][0];
  EXPECT_EQ(suspect["location"]["line"], 21);
  EXPECT_EQ(suspect["owner"]["property"], "registry.meters");
  EXPECT_TRUE(suspect["owner"]["location"].is_null());
  EXPECT_EQ(suspect["trail"].size(), 7u);
  EXPECT_TRUE(suspect["trail"][0]["package"].is_null());
  EXPECT_EQ(suspect["trail"][3]["why"], "holds 4000 of the new objects");
  EXPECT_TRUE(suspect["allocation_stack"].empty());
}

}  // namespace
}  // namespace leaktrail
