#include "experiment/frame_places.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace leaktrail {
namespace {

namespace fs = std::filesystem;

class FramePlacesTest : public testing::Test {
 protected:
  void SetUp() override {
    root_ = fs::temp_directory_path() / ("frame_places_test." + std::to_string(getpid()));
    fs::remove_all(root_);
  }
  void TearDown() override { fs::remove_all(root_); }

  void Write(const std::string& file, const std::string& text) const {
    fs::create_directories((root_ / file).parent_path());
    std::ofstream(root_ / file) << text;
  }
  SampledFrame FrameIn(const std::string& file, uint32_t line, uint32_t column) const {
    SampledFrame frame;
    frame.function = "f";
    frame.url = "file://" + (root_ / file).string();
    frame.line = line;
    frame.column = column;
    return frame;
  }

  fs::path root_;
};

// All of line 1 is line 7 of the source.
std::string MapTo(const std::string& source) {
  return R"({"version":3,"sources":[")" + source + R"("],"mappings":"AAMA"})";
}

TEST_F(FramePlacesTest, TheUsersOwnCodeIsShownAsItWasWritten) {
  Write("package.json", "{}");
  Write("dist/server.js.map", MapTo("../src/server.ts"));
  FramePlaces places;
  const StackFrame frame = places.PlaceOf(FrameIn("dist/server.js", 1, 9));
  EXPECT_EQ(frame.package, "app");
  EXPECT_EQ(frame.file, "src/server.ts");
  EXPECT_EQ(frame.line, 7u);
}

TEST_F(FramePlacesTest, APackageIsShownAsItIsInstalledWhateverItsMapSays) {
  Write("node_modules/typedi/package.json", R"({"name":"typedi","version":"0.8.0"})");
  Write("node_modules/typedi/Container.js.map", MapTo("../../src/Container.ts"));
  FramePlaces places;
  const StackFrame frame = places.PlaceOf(FrameIn("node_modules/typedi/Container.js", 1, 9));
  EXPECT_EQ(frame.package, "typedi@0.8.0");
  EXPECT_EQ(frame.file, "Container.js");
  EXPECT_EQ(frame.line, 1u);
}

TEST_F(FramePlacesTest, APackageInTheAppsBundleIsNamed) {
  Write("package.json", "{}");
  Write("node_modules/lru/package.json", R"({"name":"lru","version":"7.0.0"})");
  Write("dist/server.js.map", MapTo("../node_modules/lru/index.js"));
  FramePlaces places;
  const StackFrame frame = places.PlaceOf(FrameIn("dist/server.js", 1, 9));
  EXPECT_EQ(frame.package, "lru@7.0.0");
  EXPECT_EQ(frame.file, "index.js");
  EXPECT_EQ(frame.line, 7u);
}

TEST_F(FramePlacesTest, APlaceOfTheSnapshotsIsShownAsThatOfAStack) {
  Write("package.json", "{}");
  Write("dist/server.js.map", MapTo("webpack://shop/./src/server.ts"));
  FramePlaces places;
  CodePlace place{"app", "dist/server.js", 1, 9, "record"};
  places.ShowAsWritten(&place);
  EXPECT_EQ(place.file, "dist/server.js") << "no script is known yet";
  EXPECT_EQ(places.PlaceOf(FrameIn("dist/server.js", 1, 30)).file, "src/server.ts");
  places.ShowAsWritten(&place);
  EXPECT_EQ(place, (CodePlace{"app", "src/server.ts", 7, 1, "record"}));
  CodePlace without_column{"app", "dist/server.js", 1, 0, "record"};
  places.ShowAsWritten(&without_column);
  EXPECT_EQ(without_column.file, "dist/server.js") << "in a bundle a line is not enough";
  CodePlace other{"shop", "dist/server.js", 1, 9, "record"};
  places.ShowAsWritten(&other);
  EXPECT_EQ(other.file, "dist/server.js");
}

}  // namespace
}  // namespace leaktrail
