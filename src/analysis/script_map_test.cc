#include "analysis/script_map.h"

#include <gtest/gtest.h>

#include "analysis/code_model.h"
#include "tests/support/graph_dsl.h"

namespace leaktrail {
namespace {

using testing::DslGraph;

constexpr const char* kMeters = R"(
    root -shortcut g-> g; g -add-> add; g -m-> m; g -main-> main
    m: object Meter 8; at m 9 20 8
    add: closure add 8; at add 9 4 2
    add -internal shared-> sfi; sfi: code add 8; sfi -internal script_or_debug_info-> script
    sfi -internal name_or_scope_info-> scope; scope: code "system / ScopeInfo" 8
    script: code "/srv/shop/node_modules/@acme/meters/lib/add.js" 8
    script -internal source-> source; source: string "…" 8
    main: closure main 8; at main 3 0 0
    main -internal shared-> sfi2; sfi2: code main 8; sfi2 -internal script-> script2
    sfi2 -internal name_or_scope_info-> scope2; scope2: code "system / ScopeInfo" 8
    script2: code "/srv/shop/main.js" 8; script2 -internal source-> source2; source2: string "…" 8)";

// A package.json that the program has loaded.
constexpr const char* kLoadedManifest = R"(
    g -manifest-> module; module: object Module 8
    module -filename-> path; path: string "/srv/shop/node_modules/@acme/meters/package.json" 8
    module -exports-> manifest; manifest: object Object 8
    manifest -version-> version; version: string "4.2.1" 8)";

PackageMap MapOf(const DslGraph& g) {
  return ComputeScriptMap(g.graph(), ComputeClasses(g.graph(), {}), 2);
}

TEST(ScriptMap, NamesTheFileOfAConstructor) {
  const DslGraph g(kMeters);
  const CodePlace place = MapOf(g).PlaceOf(*g.graph().FindLocation(g["m"]));
  EXPECT_EQ(place.package, "@acme/meters");
  EXPECT_EQ(place.file, "lib/add.js");
  EXPECT_EQ(place.line, 21u);
  EXPECT_EQ(place.column, 9u);
}

TEST(ScriptMap, FindsVersionsThatTheHeapTells) {
  const DslGraph g(std::string(kMeters) + kLoadedManifest);
  EXPECT_EQ(MapOf(g).PlaceOf(*g.graph().FindLocation(g["m"])).package, "@acme/meters@4.2.1");
}

TEST(ScriptMap, SaysTheSameAsTheWholePackageMap) {
  const DslGraph g(std::string(kMeters) + kLoadedManifest);
  const NameHashes names(g.graph());
  const auto dominators = ComputeDominators(g.graph());
  const PackageMap whole =
      ComputePackages(g.graph(), names, ComputeCodeModel(g.graph(), names), dominators);
  const PackageMap scripts = MapOf(g);
  for (const Location& at : g.graph().locations()) {
    EXPECT_EQ(scripts.PlaceOf(at), whole.PlaceOf(at));
  }
  EXPECT_EQ(scripts.PlaceOf(*g.graph().FindLocation(g["main"])).file, "main.js");
}

TEST(ScriptMap, UnknownScriptsKeepTheirLine) {
  const DslGraph g("root -shortcut g-> g; g -m-> m; at m 77 4 5");
  const CodePlace place = MapOf(g).PlaceOf(*g.graph().FindLocation(g["m"]));
  EXPECT_EQ(place.file, "");
  EXPECT_EQ(place.package, "");
  EXPECT_EQ(place.line, 5u);
}

}  // namespace
}  // namespace leaktrail
