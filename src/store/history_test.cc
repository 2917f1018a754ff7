#include "store/history.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

namespace leaktrail {
namespace {

class HistoryTest : public testing::Test {
 protected:
  void SetUp() override {
    char folder[] = "/tmp/leaktrail-history-XXXXXX";
    ASSERT_NE(mkdtemp(folder), nullptr);
    folder_ = folder;
    path_ = folder_ + "/a/b/history.db";
  }
  void TearDown() override {
    for (const char* end : {"", "-wal", "-shm"}) unlink((path_ + end).c_str());
    for (const char* below : {"/a/b", "/a", ""}) rmdir((folder_ + below).c_str());
  }
  std::string folder_, path_;
};

HistoryPoint PointAt(double at) { return {at, 100, 50, 60, 1000, 5, {{at - 0.5, 1.5, 40, 4}}}; }

const HistoryProcess kFirst{"script:/srv/app.js", 10, 100, "boot"};
const HistoryProcess kSecond{"script:/srv/app.js", 11, 200, "boot"};

TEST_F(HistoryTest, ASecondRunOfOneProcessFindsThePointsOfTheFirst) {
  {
    const auto history = History::Open(path_);
    ASSERT_TRUE(history) << history.error().message;
    const auto run = (*history)->Begin(kFirst);
    ASSERT_TRUE(run);
    EXPECT_TRUE(run->points.empty());
    EXPECT_FALSE(run->before);
    for (double at : {1000.0, 1001.0, 1002.0})
      ASSERT_TRUE((*history)->Append(run->id, PointAt(at)));
  }
  const auto history = History::Open(path_);
  ASSERT_TRUE(history);
  const auto run = (*history)->Begin(kFirst);
  ASSERT_TRUE(run);
  ASSERT_EQ(run->points.size(), 3u);
  EXPECT_EQ(run->points[0].at, 1000);
  ASSERT_EQ(run->points[2].majors.size(), 1u);
  EXPECT_EQ(run->points[2].majors[0].live_heap_bytes, 40u);
  EXPECT_FALSE(run->before);
}

TEST_F(HistoryTest, AnotherProcessOfTheServiceIsARestartAndBeginsAnew) {
  const auto history = History::Open(path_);
  ASSERT_TRUE(history);
  const auto first = (*history)->Begin(kFirst);
  ASSERT_TRUE((*history)->Append(first->id, PointAt(1000)));
  const auto second = (*history)->Begin(kSecond);
  ASSERT_TRUE(second);
  EXPECT_TRUE(second->points.empty());
  ASSERT_TRUE(second->before);
  EXPECT_EQ(second->before->pid, 10);
  EXPECT_EQ(second->before->last_resident_bytes, 100u);
}

TEST_F(HistoryTest, NobodyElseMayReadTheFile) {
  ASSERT_TRUE(History::Open(path_));
  struct stat info {};
  ASSERT_EQ(stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  ASSERT_EQ(stat((folder_ + "/a").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u);
}

TEST_F(HistoryTest, AFileThatIsNoDatabaseIsAnErrorAndIsKept) {
  path_ = folder_ + "/history.db";
  std::ofstream(path_)
      << "this is a text of somebody else, long enough to be looked at as a header";
  const auto history = History::Open(path_);
  ASSERT_FALSE(history);
  EXPECT_NE(history.error().message.find(path_), std::string::npos);
  std::string kept;
  std::getline(std::ifstream(path_), kept);
  EXPECT_TRUE(kept.starts_with("this is a text"));
}

TEST_F(HistoryTest, WhatIsOlderThanThirtyDaysGoes) {
  const auto history = History::Open(path_);
  ASSERT_TRUE(history);
  const auto run = (*history)->Begin(kFirst);
  ASSERT_TRUE((*history)->Append(run->id, PointAt(1000)));
  ASSERT_TRUE((*history)->Append(run->id, PointAt(1000 + 31 * 86'400)));
  const auto again = (*history)->Begin(kFirst);
  ASSERT_TRUE(again);
  ASSERT_EQ(again->points.size(), 1u);
  EXPECT_EQ(again->points[0].at, 1000 + 31 * 86'400);
}

}  // namespace
}  // namespace leaktrail
