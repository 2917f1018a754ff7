#include "capture/connection_keeper.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

namespace leaktrail {
namespace {

// The target's end of a connection.
class Peer {
 public:
  Peer() {
    int ends[2] = {-1, -1};
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    ours_ = FileDescriptor(ends[0]);
    tools_ = FileDescriptor(ends[1]);
  }
  int tools_end() const { return tools_.get(); }
  void DropToolsEnd() { tools_.Reset(); }

  void Say(const std::string& text) const {
    EXPECT_EQ(write(ours_.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  // What comes next within `milliseconds`: "" if nothing does, "end" if the connection ended.
  std::string Hear(int milliseconds) const {
    pollfd ready{ours_.get(), POLLIN, 0};
    if (poll(&ready, 1, milliseconds) <= 0) return "";
    char bytes[4096];
    const ssize_t got = read(ours_.get(), bytes, sizeof bytes);
    return got > 0 ? std::string(bytes, static_cast<size_t>(got)) : "end";
  }

 private:
  FileDescriptor ours_, tools_;
};

constexpr int kSoon = 5000;       // comes at once, on any machine
constexpr int kLongEnough = 150;  // for what must not come

class ConnectionKeeperTest : public testing::Test {
 protected:
  // The keeper, which loses its parents, becomes our child.
  void SetUp() override { ASSERT_EQ(prctl(PR_SET_CHILD_SUBREAPER, 1), 0); }
  void TearDown() override {
    ASSERT_GT(waitpid(-1, nullptr, 0), 0) << "there was no keeper";
    ASSERT_EQ(prctl(PR_SET_CHILD_SUBREAPER, 0), 0);
  }

  // A tool that connects and is killed, or says that all is well and ends.
  void RunTool(bool killed) {
    const pid_t tool = fork();
    if (tool == 0) {
      alarm(30);
      ConnectionKeeper keeper(peer_.tools_end());
      if (killed) raise(SIGKILL);
      keeper.AllIsWell();
      _exit(0);
    }
    peer_.DropToolsEnd();
    int status = 0;
    ASSERT_EQ(waitpid(tool, &status, 0), tool);
    ASSERT_EQ(WIFSIGNALED(status), killed);
  }
  Peer peer_;
};

TEST_F(ConnectionKeeperTest, LeavesAConnectionAloneThatEndedAsItShould) {
  RunTool(/*killed=*/false);
  EXPECT_EQ(peer_.Hear(kSoon), "end");
}

TEST_F(ConnectionKeeperTest, HoldsTheConnectionOfAKilledToolUntilAllIsAnswered) {
  RunTool(/*killed=*/true);
  const std::string asked = peer_.Hear(kSoon);
  EXPECT_EQ(asked, ClientFrame(R"({"id":1999999999,"method":"NodeWorker.disable"})"));
  for (int i = 1; i <= 5; ++i) peer_.Say("answers to what the tool had asked, and news");
  EXPECT_EQ(peer_.Hear(kLongEnough), "") << "it may not end before the last answer";
  peer_.Say(R"({"id":19999)");
  EXPECT_EQ(peer_.Hear(kLongEnough), "");
  peer_.Say(R"(99999,"result":{}})");
  const std::string close_frame("\x88\x82\0\0\0\0\x03\xE8", 8);
  EXPECT_EQ(peer_.Hear(kSoon), close_frame);
  EXPECT_EQ(peer_.Hear(kSoon), "end");
}

TEST_F(ConnectionKeeperTest, IsGoneWhenTheTargetEnds) {
  RunTool(/*killed=*/true);
  EXPECT_NE(peer_.Hear(kSoon), "");
  peer_ = Peer();  // closes the target's end; TearDown waits for the keeper
}

}  // namespace
}  // namespace leaktrail
