#include "cli/metrics_endpoint.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>

#include "base/socket_address.h"
#include "capture/inspector.h"

namespace leaktrail {
namespace {

constexpr size_t kMaxRequest = 8192;
constexpr std::chrono::milliseconds kClientPatience{2000};

std::string ResponseText(std::string_view status, std::string_view type, std::string_view body) {
  return fmt::format(
      "HTTP/1.1 {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{}",
      status, type, body.size(), body);
}

}  // namespace

Result<std::unique_ptr<MetricsEndpoint>> MetricsEndpoint::Open(std::string_view text) {
  const bool any_port = text.ends_with(":0");
  Result<InspectorAddress> address = ParseInspectorAddress(
      any_port ? std::string(text.substr(0, text.size() - 1)) + "1" : std::string(text));
  if (!address || !(address->host.starts_with("127.") || address->host == "::1")) {
    return Fail(
        ErrorKind::kUsage,
        fmt::format("--prometheus takes a loopback address and a port, like 127.0.0.1:9400, "
                    "not '{}'",
                    text));
  }
  if (any_port) address->port = 0;
  SocketAddress bound = *NumericAddress(address->host, address->port);
  const int listener = socket(bound.family(), SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (listener < 0 || bind(listener, bound.any(), bound.size) != 0 || listen(listener, 16) != 0) {
    const Error error{
        ErrorKind::kEnvironment,
        fmt::format("cannot listen on {}: {}", ToString(*address), std::strerror(errno)),
        std::nullopt};
    if (listener >= 0) close(listener);
    return tl::unexpected(error);
  }
  bound.size = sizeof bound.storage;
  getsockname(listener, bound.any(), &bound.size);
  address->port = bound.port();
  return std::unique_ptr<MetricsEndpoint>(new MetricsEndpoint(listener, ToString(*address)));
}

MetricsEndpoint::MetricsEndpoint(int listener, std::string address)
    : listener_(listener), address_(std::move(address)) {
  if (pipe2(stop_, O_CLOEXEC) == 0) thread_ = std::thread([this] { Serve(); });
}

MetricsEndpoint::~MetricsEndpoint() {
  if (thread_.joinable()) {
    close(stop_[1]);
    thread_.join();
    close(stop_[0]);
  }
  close(listener_);
}

void MetricsEndpoint::Publish(std::string text) {
  const std::lock_guard lock(mutex_);
  text_ = std::move(text);
}

void MetricsEndpoint::Serve() {
  while (true) {
    pollfd waiting[] = {{listener_, POLLIN, 0}, {stop_[0], POLLIN, 0}};
    if (poll(waiting, 2, -1) < 0 && errno != EINTR) return;
    if (waiting[1].revents != 0) return;
    if (waiting[0].revents == 0) continue;
    const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (client < 0) continue;
    Answer(client);
    close(client);
  }
}

void MetricsEndpoint::Answer(int client) {
  using std::chrono::steady_clock;
  const auto deadline = steady_clock::now() + kClientPatience;
  const auto wait = [&](short events) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - steady_clock::now());
    pollfd waiting[] = {{client, events, 0}, {stop_[0], POLLIN, 0}};
    return left.count() > 0 && poll(waiting, 2, static_cast<int>(left.count())) > 0 &&
           waiting[1].revents == 0;
  };
  std::string request;
  while (request.find("\r\n\r\n") == std::string::npos) {
    char piece[1024];
    if (request.size() > kMaxRequest || !wait(POLLIN)) return;
    const ssize_t n = recv(client, piece, sizeof piece, 0);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) return;
    if (n > 0) request.append(piece, static_cast<size_t>(n));
  }
  std::string response;
  if (request.starts_with("GET /metrics ") || request.starts_with("GET /metrics?")) {
    const std::lock_guard lock(mutex_);
    response = ResponseText("200 OK", "text/plain; version=0.0.4; charset=utf-8", text_);
  } else {
    response = ResponseText("404 Not Found", "text/plain", "the metrics are at /metrics\n");
  }
  for (std::string_view rest = response; !rest.empty();) {
    const ssize_t n = send(client, rest.data(), rest.size(), MSG_NOSIGNAL);
    if (n > 0) {
      rest.remove_prefix(static_cast<size_t>(n));
    } else if (n == 0 || (errno != EAGAIN && errno != EINTR) || !wait(POLLOUT)) {
      return;
    }
  }
}

}  // namespace leaktrail
