// Answers Prometheus on a loopback address: GET /metrics, one client after the other.
//
// Threads: one of its own; Publish from any.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "base/result.h"

namespace leaktrail {

class MetricsEndpoint {
 public:
  // "127.0.0.1:9400", "[::1]:9400"; port 0 lets the system choose. Other hosts are refused: what is
  // served has no password.
  static Result<std::unique_ptr<MetricsEndpoint>> Open(std::string_view address);
  ~MetricsEndpoint();
  MetricsEndpoint(const MetricsEndpoint&) = delete;
  MetricsEndpoint& operator=(const MetricsEndpoint&) = delete;

  const std::string& address() const { return address_; }
  // The text for all requests from now on.
  void Publish(std::string text);

 private:
  MetricsEndpoint(int listener, std::string address);
  void Serve();
  void Answer(int client);

  int listener_;
  int stop_[2] = {-1, -1};
  std::string address_;
  std::mutex mutex_;
  std::string text_;
  std::thread thread_;
};

}  // namespace leaktrail
