#include "experiment/load.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <mutex>
#include <thread>

namespace leaktrail {
namespace {

using std::chrono::milliseconds;

constexpr const char* kFine = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

// A server on a port of the system's choice. It answers one connection at a time, as a service with
// one event loop answers one request at a time. `answer` gets the request's text; what it returns
// is sent, and "" closes the connection.
class TestServer {
 public:
  using Answer = std::function<std::string(const std::string& request)>;
  explicit TestServer(Answer answer) : answer_(std::move(answer)) {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&at), size), 0);
    EXPECT_EQ(listen(listener_, 64), 0);
    getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size);
    address_.port = ntohs(at.sin_port);
    thread_ = std::thread([this] { Serve(); });
  }
  ~TestServer() {
    ended_ = true;
    thread_.join();
    close(listener_);
  }
  const LoadAddress& address() const { return address_; }
  std::vector<std::string> requests() {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  void Serve() {
    std::vector<pollfd> open{{listener_, POLLIN, 0}};
    while (!ended_) {
      poll(open.data(), open.size(), 5);
      for (size_t i = open.size(); i-- > 1;) {
        if (open[i].revents == 0 || ServeOne(open[i].fd)) continue;
        close(open[i].fd);
        open.erase(open.begin() + static_cast<std::ptrdiff_t>(i));
      }
      if (open[0].revents != 0) open.push_back({accept(listener_, nullptr, nullptr), POLLIN, 0});
    }
    for (size_t i = 1; i < open.size(); ++i) close(open[i].fd);
  }

  // A request is small and comes in one piece.
  bool ServeOne(int fd) {
    char text[4096];
    const ssize_t n = recv(fd, text, sizeof text, 0);
    if (n <= 0) return false;
    const std::string request(text, static_cast<size_t>(n));
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(request);
    }
    const std::string answer = answer_(request);
    if (!answer.empty()) send(fd, answer.data(), answer.size(), MSG_NOSIGNAL);
    return !answer.empty();
  }

  Answer answer_;
  int listener_ = -1;
  LoadAddress address_;
  std::atomic<bool> ended_{false};
  std::mutex mutex_;
  std::vector<std::string> requests_;
  std::thread thread_;
};

LoadResult MustLoad(const LoadAddress& address, const LoadRequest& request,
                    const LoadOptions& options) {
  Result<LoadResult> result = RunLoad(address, request, options);
  EXPECT_TRUE(result) << result.error().message;
  return result ? std::move(*result) : LoadResult{};
}

uint64_t CountAbove(const Latencies& latencies, uint64_t us) {
  uint64_t above = 0;
  for (uint64_t i = 1; i <= latencies.count(); ++i) {
    const double part = static_cast<double>(i) / static_cast<double>(latencies.count());
    above += latencies.At(part) > us ? 1 : 0;
  }
  return above;
}

TEST(Load, SoManyRequestsAreAnsweredOnSoManyConnections) {
  TestServer server([](const std::string&) { return kFine; });
  LoadOptions options;
  options.requests = 50;
  options.connections = 3;
  const LoadResult result = MustLoad(server.address(), {}, options);
  EXPECT_EQ(result.completed, 50u);
  EXPECT_EQ(result.errors.all(), 0u);
  EXPECT_EQ(result.by_status.at(200), 50u);
  EXPECT_LE(result.connections, 3u);
  EXPECT_EQ(result.reused, 50u - result.connections);
  EXPECT_EQ(result.body_bytes, 100u);
  EXPECT_EQ(result.latencies.count(), 50u);
  EXPECT_EQ(result.end, LoadEnd::kCount);
  EXPECT_EQ(server.requests().size(), 50u);
}

TEST(Load, WithoutKeepAliveEachRequestHasAConnection) {
  TestServer server([](const std::string&) { return kFine; });
  LoadOptions options;
  options.requests = 20;
  options.connections = 2;
  options.keep_alive = false;
  const LoadResult result = MustLoad(server.address(), {}, options);
  EXPECT_EQ(result.completed, 20u);
  EXPECT_EQ(result.connections, 20u);
  EXPECT_EQ(result.reused, 0u);
  EXPECT_NE(server.requests().front().find("Connection: close"), std::string::npos);
}

TEST(Load, PathsAreAskedForByTheirWeights) {
  TestServer server([](const std::string& request) {
    return request.starts_with("GET /missing")
               ? "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
               : kFine;
  });
  LoadRequest request;
  request.paths = {"/a", "/missing"};
  request.weights = {3, 1};
  LoadOptions options;
  options.requests = 40;
  options.connections = 1;
  const LoadResult result = MustLoad(server.address(), request, options);
  EXPECT_EQ(result.by_path[0].answered, 30u);
  EXPECT_EQ(result.by_path[0].failed, 0u);
  EXPECT_EQ(result.by_path[1].answered, 10u);
  EXPECT_EQ(result.by_path[1].failed, 10u);
  EXPECT_EQ(result.errors.status, 10u);
  EXPECT_EQ(result.succeeded(), 30u);
}

// The server stands still once, for 400 ms. With one connection, an ordinary generator waits with
// it and sees one slow answer. With a rate, everything that was due meanwhile has waited too.
TEST(Load, AStallShowsInEveryRequestThatWasDueMeanwhile) {
  std::atomic<int> count{0};
  TestServer server([&](const std::string&) {
    if (++count == 20) std::this_thread::sleep_for(milliseconds(400));
    return kFine;
  });
  LoadOptions options;
  options.requests = 200;
  options.connections = 1;
  options.rate = 200;
  const LoadResult result = MustLoad(server.address(), {}, options);
  EXPECT_EQ(result.completed, 200u);
  EXPECT_EQ(result.at_least, 0u);
  // 80 were due in these 400 ms; those of the first half waited for 200 ms and more.
  EXPECT_GE(CountAbove(result.latencies, 200'000), 40u);
  EXPECT_GE(result.latencies.At(0.85), 200'000u);
  // Measured from when they could be sent, as others do, the stall is one answer of many.
  EXPECT_GE(result.turns.greatest_us(), 300'000u);
}

TEST(Load, WhatWasDueWhenTheTimeWasUpCountsWithTheWaitItHad) {
  std::atomic<int> count{0};
  std::atomic<bool> over{false};
  TestServer server([&](const std::string&) {
    while (++count > 10 && !over) std::this_thread::sleep_for(milliseconds(5));
    return kFine;
  });
  LoadOptions options;
  options.requests = 1000;
  options.connections = 2;
  options.rate = 100;
  options.time_limit = milliseconds(1000);
  const LoadResult result = MustLoad(server.address(), {}, options);
  over = true;
  EXPECT_EQ(result.end, LoadEnd::kTime);
  EXPECT_GE(result.unfinished, 80u);
  EXPECT_EQ(result.at_least, result.unfinished);
  EXPECT_EQ(result.latencies.count(), result.completed + result.at_least);
  EXPECT_GE(result.latencies.At(0.9), 600'000u);
}

TEST(Load, ARateIsKeptFromTheStartAndNotFromTheLastAnswer) {
  TestServer server([](const std::string&) { return kFine; });
  LoadOptions options;
  options.requests = 100;
  options.connections = 4;
  options.rate = 500;
  const LoadResult result = MustLoad(server.address(), {}, options);
  EXPECT_EQ(result.completed, 100u);
  EXPECT_GE(result.seconds, 99 / 500.0);  // the last is due then, never before
}

TEST(Load, ErrorsAreCountedByKind) {
  int count = 0;
  TestServer server([&](const std::string&) -> std::string {
    switch (count++ % 3) {
      case 0:
        return kFine;
      case 1:
        return "SSH-2.0-nothing\r\n";
      default:
        return "";
    }
  });
  LoadOptions options;
  options.requests = 30;
  options.connections = 1;
  options.keep_alive = false;
  const LoadResult result = MustLoad(server.address(), {}, options);
  EXPECT_EQ(result.completed, 10u);
  EXPECT_EQ(result.errors.malformed, 10u);
  EXPECT_EQ(result.errors.closed, 10u);
  EXPECT_EQ(result.tried(), 30u);
}

TEST(Load, NobodyThereIsToldAfterAFewTries) {
  LoadAddress address;
  {
    TestServer server([](const std::string&) { return kFine; });
    address = server.address();
  }
  LoadOptions options;
  options.requests = 1'000'000;
  options.silent_after = 10;
  const LoadResult result = MustLoad(address, {}, options);
  EXPECT_EQ(result.end, LoadEnd::kGaveUp);
  EXPECT_GE(result.errors.connect, 10u);
  EXPECT_EQ(result.failure, "Connection refused");
}

TEST(Load, ASilentServerIsGivenUpAtTheFirstTimeOut) {
  std::atomic<bool> over{false};
  TestServer server([&](const std::string&) -> std::string {
    while (!over) std::this_thread::sleep_for(milliseconds(5));
    return "";
  });
  LoadOptions options;
  options.requests = 1000;
  options.connections = 1;
  options.request_timeout = milliseconds(200);
  options.silent_after = 10;
  const LoadResult result = MustLoad(server.address(), {}, options);
  over = true;
  EXPECT_EQ(result.end, LoadEnd::kGaveUp);
  EXPECT_GE(result.errors.timeout, 1u);
  EXPECT_EQ(result.failure, "it does not answer within 0.2 s");
}

TEST(Load, ItEndsWhenItIsCancelled) {
  TestServer server([](const std::string&) { return kFine; });
  CancelToken cancel;
  LoadOptions options;
  options.requests = 100'000'000;
  options.cancel = &cancel;
  options.on_result = [&](const LoadResult& so_far) {
    if (so_far.completed > 0) cancel.Cancel();
  };
  const LoadResult result = MustLoad(server.address(), {}, options);
  EXPECT_EQ(result.end, LoadEnd::kCancelled);
  EXPECT_GT(result.completed, 0u);
  EXPECT_GT(result.seconds, 0);
}

TEST(Load, AnotherMachineIsRefusedUnlessItIsAllowed) {
  LoadAddress elsewhere;
  elsewhere.host = "192.0.2.1";
  const Result<LoadResult> refused = RunLoad(elsewhere, {}, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kUsage);
}

TEST(Load, WhatNeedsTlsAndHasNoneFailsThere) {
  TestServer server([](const std::string&) { return "HTTP/1.1 400 Bad Request\r\n\r\n"; });
  LoadAddress address = server.address();
  address.tls = true;
  const LoadResult result = MustLoad(address, {}, {});
  EXPECT_EQ(result.errors.tls, 1u);
  EXPECT_EQ(result.failure, "it does not speak TLS");
}

}  // namespace
}  // namespace leaktrail
