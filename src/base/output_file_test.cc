#include "base/output_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "base/input.h"

namespace leaktrail {
namespace {

class OutputFileTest : public testing::Test {
 protected:
  OutputFileTest() {
    std::string name = testing::TempDir() + "leaktrail-output-XXXXXX";
    EXPECT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  ~OutputFileTest() override { std::filesystem::remove_all(folder_); }
  std::string Path(const char* name) const { return folder_ + "/" + name; }
  size_t FileCount() const {
    size_t n = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder_)) ++n;
    return n;
  }
  static std::string Text() {
    std::string text;
    for (int i = 0; i < 200'000; ++i) text += std::to_string(i * 7919) + ",";
    return text;
  }
  static std::string ReadBack(const std::string& path) {
    auto file = InputFile::Open(path);
    if (!file) return "";
    char head[4];
    const long n = (*file)->ReadAt(0, sizeof head, head);
    const Compression c = DetectCompression({head, static_cast<size_t>(n)});
    ByteStream bytes = StreamOf(*file);
    if (c != Compression::kNone) bytes = Decompress(std::move(bytes), c);
    std::string out;
    char buffer[4096];
    for (;;) {
      const Result<size_t> got = bytes(buffer);
      if (!got || *got == 0) return out;
      out.append(buffer, *got);
    }
  }
  std::string folder_;
};

TEST_F(OutputFileTest, HoldsWhatWasWrittenPlainAndCompressed) {
  const std::string text = Text();
  for (const char* name : {"a.heapsnapshot", "a.heapsnapshot.gz", "a.heapsnapshot.zst"}) {
    auto file = OutputFile::Create(Path(name));
    ASSERT_TRUE(file) << file.error().message;
    for (size_t at = 0; at < text.size(); at += 70'001) {
      ASSERT_TRUE((*file)->Write(std::string_view(text).substr(at, 70'001)));
    }
    ASSERT_TRUE((*file)->Finish());
    EXPECT_EQ(ReadBack(Path(name)), text) << name;
    struct stat s {};
    ASSERT_EQ(stat(Path(name).c_str(), &s), 0);
    EXPECT_EQ(static_cast<uint64_t>(s.st_size), (*file)->file_bytes());
    EXPECT_EQ(s.st_mode & 0777, 0600u);
  }
}

TEST_F(OutputFileTest, LeavesNothingWithoutFinish) {
  {
    auto file = OutputFile::Create(Path("a"));
    ASSERT_TRUE(file);
    ASSERT_TRUE((*file)->Write(Text()));
  }
  EXPECT_EQ(FileCount(), 0u);
}

TEST_F(OutputFileTest, ReplacesAnOlderFileOnlyWhenItIsWhole) {
  for (const char* text : {"old", "new"}) {
    auto file = OutputFile::Create(Path("a"));
    ASSERT_TRUE(file);
    ASSERT_TRUE((*file)->Write(std::string_view(text)));
    if (std::string_view(text) == "new") {
      EXPECT_EQ(ReadBack(Path("a")), "old");
    }
    ASSERT_TRUE((*file)->Finish());
  }
  EXPECT_EQ(ReadBack(Path("a")), "new");
  EXPECT_EQ(FileCount(), 1u);
}

TEST_F(OutputFileTest, LeavesALinkAndReplacesWhatItLeadsTo) {
  std::filesystem::create_symlink("real", Path("link"));  // which is not there yet
  for (const char* text : {"old", "new"}) {
    auto file = OutputFile::Create(Path("link"));
    ASSERT_TRUE(file);
    ASSERT_TRUE((*file)->Write(std::string_view(text)));
    ASSERT_TRUE((*file)->Finish());
    EXPECT_TRUE(std::filesystem::is_symlink(Path("link")));
    EXPECT_FALSE(std::filesystem::is_symlink(Path("real")));
    EXPECT_EQ(ReadBack(Path("real")), text);
  }
  EXPECT_EQ(FileCount(), 2u);
}

TEST_F(OutputFileTest, WritesIntoAPipeAndLeavesIt) {
  EXPECT_TRUE(TakesBytesAsTheyCome("/dev/null"));
  EXPECT_FALSE(TakesBytesAsTheyCome(Path("pipe")));
  ASSERT_EQ(mkfifo(Path("pipe").c_str(), 0600), 0);
  EXPECT_TRUE(TakesBytesAsTheyCome(Path("pipe")));
  const int reader = open(Path("pipe").c_str(), O_RDONLY | O_NONBLOCK);
  auto file = OutputFile::Create(Path("pipe"));
  ASSERT_TRUE(file) << file.error().message;
  ASSERT_TRUE((*file)->Write(std::string_view("text")));
  ASSERT_TRUE((*file)->Finish());
  char bytes[8];
  EXPECT_EQ(read(reader, bytes, sizeof bytes), 4);
  close(reader);
  EXPECT_TRUE(std::filesystem::is_fifo(Path("pipe")));
  EXPECT_EQ(FileCount(), 1u);
}

TEST_F(OutputFileTest, TakesNoFolder) {
  auto file = OutputFile::Create(folder_);
  ASSERT_FALSE(file);
  EXPECT_NE(file.error().message.find("is a folder"), std::string::npos);
}

TEST_F(OutputFileTest, SaysWhatIsWrongWithAFolderThatIsNotThere) {
  auto file = OutputFile::Create(Path("none/a"));
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().kind, ErrorKind::kEnvironment);
  EXPECT_NE(file.error().message.find("cannot be created"), std::string::npos);
}

}  // namespace
}  // namespace leaktrail
