#include "experiment/process_tree.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

namespace leaktrail {
namespace {

// A child that waits to be killed, with one variable of its own; ends with the test.
class Sleeper {
 public:
  explicit Sleeper(std::string variable) : variable_(std::move(variable)) {
    char* arguments[] = {const_cast<char*>("sleep"), const_cast<char*>("60"), nullptr};
    char* environment[] = {variable_.data(), nullptr};
    pid_ = fork();
    if (pid_ == 0) {
      execve("/bin/sleep", arguments, environment);
      _exit(127);
    }
  }
  ~Sleeper() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  int pid() const { return pid_; }

 private:
  std::string variable_;
  pid_t pid_;
};

TEST(ProcessTree, WorkersOfAClusterAreToldFromOtherChildrenByWhatTheyWereStartedWith) {
  Sleeper worker("NODE_UNIQUE_ID=1"), other("NODE_ENV=test");
  // Until the new program's environment is there.
  std::vector<int> workers;
  for (int i = 0; i < 100 && workers.empty(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    workers = FindClusterWorkers(getpid());
  }
  EXPECT_EQ(workers, std::vector<int>{worker.pid()});
  const std::vector<int> all = FindDescendants(getpid());
  EXPECT_NE(std::find(all.begin(), all.end(), other.pid()), all.end());
  EXPECT_TRUE(FindClusterWorkers(worker.pid()).empty());
}

}  // namespace
}  // namespace leaktrail
