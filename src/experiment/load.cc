#include "experiment/load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "experiment/http_response.h"

namespace leaktrail {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr size_t kReadBytes = 64 * 1024;
constexpr milliseconds kTick{100};  // time-outs and progress
constexpr int kEventsAtOnce = 256;

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

Result<SocketAddress> Loopback(const LoadAddress& address) {
  SocketAddress out;
  auto* v4 = reinterpret_cast<sockaddr_in*>(&out.storage);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&out.storage);
  if (inet_pton(AF_INET, address.host.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(address.port);
    out.size = sizeof *v4;
    if ((ntohl(v4->sin_addr.s_addr) >> 24) == 127) return out;
  } else if (inet_pton(AF_INET6, address.host.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(address.port);
    out.size = sizeof *v6;
    if (IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr)) return out;
  }
  return Fail(ErrorKind::kUsage,
              fmt::format("{} is not a loopback address; load goes to this machine only, "
                          "127.0.0.1 or ::1",
                          address.host));
}

bool HasHeader(const LoadRequest& request, std::string_view name) {
  return std::any_of(request.headers.begin(), request.headers.end(), [&](const std::string& h) {
    return h.size() > name.size() && h[name.size()] == ':' &&
           strncasecmp(h.data(), name.data(), name.size()) == 0;
  });
}

// One text for each path.
std::vector<std::string> RequestTexts(const LoadAddress& address, const LoadRequest& request,
                                      bool keep_alive) {
  const bool is_v6 = address.host.find(':') != std::string::npos;
  std::vector<std::string> texts;
  for (const std::string& path : request.paths) {
    std::string text = fmt::format("{} {} HTTP/1.1\r\n", request.method, path);
    if (!HasHeader(request, "host")) {
      text += is_v6 ? fmt::format("Host: [{}]:{}\r\n", address.host, address.port)
                    : fmt::format("Host: {}:{}\r\n", address.host, address.port);
    }
    for (const std::string& header : request.headers) text += header + "\r\n";
    if (!HasHeader(request, "accept")) text += "Accept: */*\r\n";
    if (!request.content_type.empty()) text += "Content-Type: " + request.content_type + "\r\n";
    if (!request.body.empty() || (request.method != "GET" && request.method != "HEAD")) {
      text += fmt::format("Content-Length: {}\r\n", request.body.size());
    }
    if (!keep_alive) text += "Connection: close\r\n";
    texts.push_back(text + "\r\n" + request.body);
  }
  return texts;
}

struct Connection {
  int fd = -1;
  bool busy = false;
  bool used = false;     // has carried an answer: the peer may close it at any time
  bool retried = false;  // this request, after the peer had closed
  bool waits_to_send = false;
  uint32_t text = 0;  // of the request
  size_t sent = 0;
  Clock::time_point begin;
  HttpResponse response;
};

class Generator {
 public:
  Generator(const SocketAddress& peer, const LoadRequest& request, const LoadOptions& options,
            std::vector<std::string> texts)
      : peer_(peer),
        options_(options),
        texts_(std::move(texts)),
        head_only_(request.method == "HEAD") {}
  ~Generator() {
    for (Connection& c : connections_) Disconnect(&c);
    if (epoll_ >= 0) close(epoll_);
  }
  Generator(const Generator&) = delete;
  Generator& operator=(const Generator&) = delete;

  Result<LoadResult> Run() {
    epoll_ = epoll_create1(EPOLL_CLOEXEC);
    if (epoll_ < 0) {
      return Fail(ErrorKind::kEnvironment,
                  fmt::format("cannot make an epoll for the load: {}", std::strerror(errno)));
    }
    const uint64_t count =
        std::min<uint64_t>(std::max(1u, options_.connections), options_.requests);
    connections_.resize(static_cast<size_t>(count));
    begin_ = last_tick_ = Clock::now();
    if (Result<void> started = StartIdle(); !started) return tl::unexpected(started.error());
    while (busy_ > 0 || !AllStarted()) {
      if (Result<void> turn = Turn(); !turn) return tl::unexpected(turn.error());
      if (stopped_) break;
    }
    result_.seconds = std::chrono::duration<double>(Clock::now() - begin_).count();
    std::sort(result_.latencies_us.begin(), result_.latencies_us.end());
    return std::move(result_);
  }

 private:
  bool AllStarted() const { return started_ >= options_.requests; }

  // Requests whose time has come, with a fixed rate.
  uint64_t Due() const {
    if (options_.rate <= 0) return options_.requests;
    const double seconds = std::chrono::duration<double>(Clock::now() - begin_).count();
    return std::min(options_.requests, static_cast<uint64_t>(seconds * options_.rate) + 1);
  }

  Result<void> StartIdle() {
    const uint64_t due = Due();
    for (Connection& c : connections_) {
      if (started_ >= due) break;
      if (c.busy) continue;
      if (Result<void> started = StartNext(&c); !started) return started;
    }
    return {};
  }

  Result<void> StartNext(Connection* c) {
    c->text = static_cast<uint32_t>(started_ % texts_.size());
    ++started_;
    ++busy_;
    c->busy = true;
    c->retried = false;
    c->begin = Clock::now();
    return Send(c);
  }

  Result<void> Send(Connection* c) {
    c->sent = 0;
    c->response.Begin(head_only_);
    if (c->fd < 0) return Connect(c);
    Push(c);
    return {};
  }

  Result<void> Connect(Connection* c) {
    c->used = false;
    c->fd = socket(peer_.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (c->fd < 0) {
      return Fail(ErrorKind::kEnvironment,
                  fmt::format("cannot open connection {}: {}; use fewer with -c",
                              c - connections_.data() + 1, std::strerror(errno)));
    }
    const int one = 1;
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    epoll_event event{};
    event.events = EPOLLIN | EPOLLOUT;
    event.data.u64 = static_cast<uint64_t>(c - connections_.data());
    epoll_ctl(epoll_, EPOLL_CTL_ADD, c->fd, &event);
    c->waits_to_send = true;
    const auto* to = reinterpret_cast<const sockaddr*>(&peer_.storage);
    if (connect(c->fd, to, peer_.size) != 0 && errno != EINPROGRESS)
      Fails(c, &result_.errors.connect);
    return {};
  }

  void Disconnect(Connection* c) {
    if (c->fd >= 0) close(c->fd);
    c->fd = -1;
  }

  void WaitToSend(Connection* c, bool wait) {
    if (c->waits_to_send == wait) return;
    c->waits_to_send = wait;
    epoll_event event{};
    event.events = EPOLLIN | (wait ? static_cast<uint32_t>(EPOLLOUT) : 0u);
    event.data.u64 = static_cast<uint64_t>(c - connections_.data());
    epoll_ctl(epoll_, EPOLL_CTL_MOD, c->fd, &event);
  }

  void Push(Connection* c) {
    const std::string& text = texts_[c->text];
    while (c->sent < text.size()) {
      const ssize_t n = send(c->fd, text.data() + c->sent, text.size() - c->sent, MSG_NOSIGNAL);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0 && (errno == EAGAIN || errno == ENOTCONN)) return WaitToSend(c, true);
      if (n < 0) return Lost(c);
      c->sent += static_cast<size_t>(n);
      result_.sent_bytes += static_cast<uint64_t>(n);
    }
    WaitToSend(c, false);
  }

  void Free(Connection* c) {
    c->busy = false;
    --busy_;
  }

  void Fails(Connection* c, uint64_t* kind) {
    Disconnect(c);
    if (!c->busy) return;
    ++*kind;
    Free(c);
  }

  // The peer has ended the connection.
  void Lost(Connection* c) {
    if (!c->busy) return Disconnect(c);
    if (c->response.EndsAtClose()) return Answered(c);
    // It may close an idle connection at the moment we use it again: that is nobody's error.
    if (c->used && !c->response.begun() && !c->retried) {
      Disconnect(c);
      c->retried = true;
      again_.push_back(static_cast<uint32_t>(c - connections_.data()));
      return;
    }
    const bool never_connected = !c->used && c->sent == 0;
    Fails(c, never_connected ? &result_.errors.connect : &result_.errors.closed);
  }

  void Answered(Connection* c) {
    const auto took =
        std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - c->begin);
    result_.latencies_us.push_back(static_cast<uint32_t>(took.count()));
    ++result_.completed;
    ++result_.by_status[c->response.status()];
    if (c->response.status() >= 400) ++result_.errors.status;
    c->used = true;
    if (!c->response.keeps_alive() || !options_.keep_alive ||
        c->response.state() != HttpResponse::State::kDone) {
      Disconnect(c);
    }
    Free(c);
  }

  void Read(Connection* c) {
    while (c->fd >= 0) {
      const ssize_t n = recv(c->fd, buffer_.data(), buffer_.size(), 0);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0 && errno == EAGAIN) return;
      if (n <= 0) return Lost(c);
      result_.received_bytes += static_cast<uint64_t>(n);
      // Bytes that nobody asked for: this connection cannot be trusted.
      if (!c->busy) return Disconnect(c);
      const auto size = static_cast<size_t>(n);
      const size_t taken = c->response.Take({buffer_.data(), size});
      if (c->response.state() == HttpResponse::State::kMalformed) {
        return Fails(c, &result_.errors.malformed);
      }
      if (c->response.state() == HttpResponse::State::kDone) {
        Answered(c);
        if (taken < size) Disconnect(c);
        return;
      }
      if (size < buffer_.size()) return;
    }
  }

  Result<void> Turn() {
    std::array<epoll_event, kEventsAtOnce> events;
    const int wait_ms = options_.rate > 0 ? 1 : static_cast<int>(kTick.count());
    const int n = epoll_wait(epoll_, events.data(), kEventsAtOnce, wait_ms);
    for (int i = 0; i < n; ++i) {
      Connection* c = &connections_[events[static_cast<size_t>(i)].data.u64];
      const uint32_t what = events[static_cast<size_t>(i)].events;
      if (c->fd >= 0 && (what & EPOLLOUT) != 0 && (what & EPOLLERR) == 0 && c->busy) Push(c);
      if (c->fd >= 0 && (what & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) Read(c);
      if (!c->busy && started_ < Due()) {
        if (Result<void> started = StartNext(c); !started) return started;
      }
    }
    std::vector<uint32_t> again;
    again.swap(again_);
    for (const uint32_t index : again) {
      if (Result<void> sent = Send(&connections_[index]); !sent) return sent;
    }
    if (options_.rate > 0 || n == 0) {
      if (Result<void> started = StartIdle(); !started) return started;
    }
    const Clock::time_point now = Clock::now();
    if (now - last_tick_ >= kTick) return Tick(now);
    return {};
  }

  Result<void> Tick(Clock::time_point now) {
    last_tick_ = now;
    for (Connection& c : connections_) {
      if (c.busy && now - c.begin > options_.request_timeout) Fails(&c, &result_.errors.timeout);
    }
    if (options_.on_progress) options_.on_progress(result_.tried());
    const bool late = options_.time_limit.count() > 0 && now - begin_ >= options_.time_limit;
    const auto is_set = [](const CancelToken* t) { return t != nullptr && t->cancelled(); };
    const bool cancelled = is_set(options_.cancel) || is_set(options_.service_gone);
    const bool hopeless = options_.hopeless_after > 0 && result_.succeeded() == 0 &&
                          result_.errors.all() >= options_.hopeless_after;
    stopped_ = late || cancelled || hopeless;
    result_.interrupted = late || cancelled;
    return StartIdle();
  }

  const SocketAddress peer_;
  const LoadOptions& options_;
  const std::vector<std::string> texts_;
  const bool head_only_;
  int epoll_ = -1;
  std::vector<Connection> connections_;
  std::vector<uint32_t> again_;  // connections whose request has to be sent once more
  std::vector<char> buffer_ = std::vector<char>(kReadBytes);
  Clock::time_point begin_, last_tick_;
  uint64_t started_ = 0;
  uint64_t busy_ = 0;
  bool stopped_ = false;
  LoadResult result_;
};

}  // namespace

double LoadResult::LatencyMs(double part) const {
  if (latencies_us.empty()) return 0;
  const double last = static_cast<double>(latencies_us.size() - 1);
  return latencies_us[static_cast<size_t>(std::clamp(part, 0.0, 1.0) * last)] / 1000.0;
}

Result<LoadResult> RunLoad(const LoadAddress& address, const LoadRequest& request,
                           const LoadOptions& options) {
  Result<SocketAddress> peer = Loopback(address);
  if (!peer) return tl::unexpected(peer.error());
  if (request.paths.empty()) return Fail(ErrorKind::kUsage, "there is no path to ask for");
  if (options.requests == 0) return LoadResult{};
  return Generator(*peer, request, options, RequestTexts(address, request, options.keep_alive))
      .Run();
}

}  // namespace leaktrail
