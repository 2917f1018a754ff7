#include "capture/inspector_discovery.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <nlohmann/json.hpp>
#include <string_view>

#include "base/ascii.h"

namespace leaktrail {
namespace {

constexpr size_t kMaxAnswer = 1 << 20;  // a list of targets has some hundred bytes
constexpr std::chrono::milliseconds kProbeTimeout{1000};

Result<void> SendAll(int fd, std::string_view bytes, SteadyTime deadline,
                     const CancelToken* cancel) {
  while (!bytes.empty()) {
    const ssize_t n = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n > 0) {
      bytes.remove_prefix(static_cast<size_t>(n));
      continue;
    }
    if (n < 0 && errno != EAGAIN && errno != EINTR) {
      return Fail(ErrorKind::kEnvironment, std::strerror(errno));
    }
    if (Result<void> ready = WaitFor(fd, POLLOUT, deadline, cancel); !ready) return ready;
  }
  return {};
}

// Where the body begins and ends, once the head is there; npos while it is not.
struct AnswerFrame {
  size_t body = std::string::npos;
  size_t end = std::string::npos;  // unknown: at the connection's end
};

AnswerFrame FrameOf(std::string_view answer) {
  AnswerFrame frame;
  const size_t head_end = answer.find("\r\n\r\n");
  if (head_end == std::string_view::npos) return frame;
  frame.body = head_end + 4;
  const std::string head = LowerCase(answer.substr(0, head_end));
  constexpr std::string_view kLength = "\r\ncontent-length:";
  size_t at = head.find(kLength);
  if (at == std::string::npos) return frame;
  at += kLength.size();
  while (at < head.size() && head[at] == ' ') ++at;
  size_t length = 0;
  const auto [end, error] = std::from_chars(head.data() + at, head.data() + head.size(), length);
  if (error == std::errc() && length <= kMaxAnswer) frame.end = frame.body + length;
  return frame;
}

Result<std::string> HttpGet(const InspectorAddress& address, const InspectorOptions& options,
                            std::string_view path, SteadyTime deadline) {
  Result<FileDescriptor> connected = ConnectTcp(address, options, deadline);
  if (!connected) return tl::unexpected(connected.error());
  const int fd = connected->get();
  const std::string request = fmt::format(
      "GET {} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", path, ToString(address));
  if (Result<void> sent = SendAll(fd, request, deadline, options.cancel); !sent) {
    return tl::unexpected(sent.error());
  }
  std::string answer;
  AnswerFrame frame;
  while (answer.size() < kMaxAnswer && answer.size() < frame.end) {
    if (Result<void> ready = WaitFor(fd, POLLIN, deadline, options.cancel); !ready) {
      return tl::unexpected(ready.error());
    }
    char piece[4096];
    const ssize_t n = recv(fd, piece, sizeof piece, 0);
    if (n == 0) break;
    if (n < 0) {
      if (errno == EAGAIN || errno == EINTR) continue;
      return Fail(ErrorKind::kEnvironment, std::strerror(errno));
    }
    answer.append(piece, static_cast<size_t>(n));
    if (frame.body == std::string::npos) frame = FrameOf(answer);
  }
  const size_t status_end = answer.find(' ');
  if (frame.body == std::string::npos || !answer.starts_with("HTTP/1.") ||
      answer.compare(status_end, 5, " 200 ") != 0) {
    return Fail(ErrorKind::kEnvironment, "it does not speak HTTP as an inspector does");
  }
  return answer.substr(frame.body,
                       frame.end == std::string::npos ? frame.end : frame.end - frame.body);
}

}  // namespace

Result<std::string> FindWebSocketPath(const InspectorAddress& address,
                                      const InspectorOptions& options, SteadyTime deadline) {
  Result<std::string> body = HttpGet(address, options, "/json/list", deadline);
  if (!body) {
    if (body.error().kind == ErrorKind::kInterrupted) return body;
    return Fail(ErrorKind::kEnvironment, fmt::format("no inspector answers at {}: {}",
                                                     ToString(address), body.error().message));
  }
  const nlohmann::json list = nlohmann::json::parse(*body, nullptr, /*allow_exceptions=*/false);
  if (list.is_array()) {
    for (const nlohmann::json& target : list) {
      if (!target.is_object() || target.value("type", "") != "node") continue;
      const std::string url = target.value("webSocketDebuggerUrl", "");
      const size_t scheme = url.find("://");
      const size_t slash = scheme == std::string::npos ? scheme : url.find('/', scheme + 3);
      if (slash != std::string::npos) return url.substr(slash);
      if (const std::string id = target.value("id", ""); !id.empty()) return "/" + id;
    }
  }
  return Fail(ErrorKind::kEnvironment,
              fmt::format("what answers at {} is not an inspector of Node; give the port of one, "
                          "or a pid",
                          ToString(address)));
}

bool IsNodeInspector(const InspectorAddress& address, const InspectorOptions& options) {
  const SteadyTime deadline =
      std::chrono::steady_clock::now() + std::min(options.connect_timeout, kProbeTimeout);
  const Result<std::string> body = HttpGet(address, options, "/json/version", deadline);
  return body && body->find("\"Browser\"") != std::string::npos &&
         body->find("node.js/") != std::string::npos;
}

}  // namespace leaktrail
