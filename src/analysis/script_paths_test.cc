#include "analysis/script_paths.h"

#include <gtest/gtest.h>

namespace leaktrail {
namespace {

ScriptPath Parse(std::string_view name) { return ParseScriptPath(name, NodeNaming::kPrefixed); }

TEST(ScriptPaths, APackageIsTheFolderBelowTheLastNodeModules) {
  const ScriptPath p = Parse("/srv/a/node_modules/b/node_modules/c/lib/x.js");
  EXPECT_EQ(p.kind, PackageKind::kModule);
  EXPECT_EQ(p.name, "c");
  EXPECT_EQ(p.folder, "/srv/a/node_modules/b/node_modules/c");
  EXPECT_EQ(p.file, "lib/x.js");
  EXPECT_EQ(p.version, "");
}

TEST(ScriptPaths, AScopeBelongsToTheName) {
  const ScriptPath p = Parse("/srv/node_modules/@acme/tele/index.js");
  EXPECT_EQ(p.name, "@acme/tele");
  EXPECT_EQ(p.file, "index.js");
}

TEST(ScriptPaths, StoresTellTheVersion) {
  EXPECT_EQ(Parse("/s/node_modules/.pnpm/a@1.0.0/node_modules/a/i.js").version, "1.0.0");
  const ScriptPath peers =
      Parse("/s/node_modules/.pnpm/@x+a@1.2.3-rc.1_react@18.0.0/node_modules/@x/a/i.js");
  EXPECT_EQ(peers.name, "@x/a");
  EXPECT_EQ(peers.version, "1.2.3-rc.1");
  EXPECT_EQ(Parse("/s/node_modules/.pnpm/a@2.0.0(b@3.0.0)/node_modules/a/i.js").version, "2.0.0");
  EXPECT_EQ(Parse("/s/.yarn/cache/lodash-npm-4.17.21-6382d821f2-eb83.zip/node_modules/lodash/m.js")
                .version,
            "4.17.21");
}

TEST(ScriptPaths, AStoreFolderOfAnotherPackageTellsNothing) {
  EXPECT_EQ(Parse("/s/node_modules/.pnpm/a@1.0.0/node_modules/b/i.js").version, "");
}

TEST(ScriptPaths, FileUrlsAreUnescapedAndLoseTheirQuery) {
  const ScriptPath p = Parse("file:///srv/my%20app/store.mjs?v=17");
  EXPECT_EQ(p.kind, PackageKind::kApp);
  EXPECT_EQ(p.path, "/srv/my app/store.mjs");
  EXPECT_EQ(Parse("file:///C:/a/node_modules/b/c.mjs").folder, "C:/a/node_modules/b");
}

TEST(ScriptPaths, WindowsPathsGetSlashes) {
  const ScriptPath p = Parse("C:\\srv\\node_modules\\b\\lib\\c.js");
  EXPECT_EQ(p.name, "b");
  EXPECT_EQ(p.file, "lib/c.js");
}

TEST(ScriptPaths, NodesOwnScriptsAreNode) {
  EXPECT_EQ(Parse("node:internal/timers").kind, PackageKind::kNode);
  EXPECT_EQ(Parse("node:internal/timers").file, "internal/timers");
  EXPECT_EQ(ParseScriptPath("net.js", NodeNaming::kPlain).kind, PackageKind::kNode);
  EXPECT_EQ(ParseScriptPath("internal/timers.js", NodeNaming::kPlain).kind, PackageKind::kNode);
  EXPECT_EQ(Parse("net.js").kind, PackageKind::kGenerated);
}

TEST(ScriptPaths, CodeWithoutAFileIsGenerated) {
  for (const char* name : {"", "evalmachine.<anonymous>", "[eval]", "wasm://wasm/1234", "blob:x"}) {
    EXPECT_EQ(Parse(name).kind, PackageKind::kGenerated) << name;
  }
}

TEST(ScriptPaths, BundlersPathsAreTheAppsOrAPackages) {
  EXPECT_EQ(Parse("webpack://shop/./src/cart.js").file, "src/cart.js");
  EXPECT_EQ(Parse("webpack://shop/./src/cart.js").kind, PackageKind::kApp);
  EXPECT_EQ(Parse("webpack-internal:///./node_modules/lodash/lodash.js").name, "lodash");
}

TEST(ScriptPaths, BrokenPathsDoNoHarm) {
  for (const char* name : {"/node_modules/", "/a/node_modules/@x", "/a/node_modules/x", "file://",
                           "file:///%", "file:///%zz%4", "\\\\", "webpack:", "/"}) {
    EXPECT_NO_FATAL_FAILURE(Parse(name)) << name;
  }
}

TEST(ScriptPaths, VersionsHaveThreeNumbers) {
  EXPECT_TRUE(LooksLikeVersion("1.2.3"));
  EXPECT_TRUE(LooksLikeVersion("1.2.3-beta.1+x"));
  for (const char* text :
       {"", "1", "1.2", "1.2.", "1.2.3.4", "v1.2.3", "^1.2.3", "1.2.3-", "1..3"}) {
    EXPECT_FALSE(LooksLikeVersion(text)) << text;
  }
}

}  // namespace
}  // namespace leaktrail
