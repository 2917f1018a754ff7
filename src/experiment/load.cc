#include "experiment/load.h"

#include <errno.h>
#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <optional>

#include "base/socket_address.h"
#include "experiment/channel.h"
#include "experiment/http_response.h"
#include "experiment/request_texts.h"
#include "experiment/weighted_paths.h"

namespace leaktrail {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr size_t kReadBytes = 64 * 1024;
constexpr milliseconds kTick{100};  // time-outs and progress
constexpr int kEventsAtOnce = 256;
constexpr uint64_t kTimerEvent = UINT64_MAX;

uint64_t Microseconds(Clock::duration d) {
  const auto us = std::chrono::duration_cast<std::chrono::microseconds>(d).count();
  return static_cast<uint64_t>(std::max<int64_t>(us, 0));
}

Result<SocketAddress> AddressOf(const LoadAddress& address, bool allow_remote) {
  const std::optional<SocketAddress> found = NumericAddress(address.host, address.port);
  if (found && (allow_remote || found->is_loopback())) return *found;
  return Fail(ErrorKind::kUsage,
              fmt::format("{} is not a loopback address; load goes to this machine only, "
                          "127.0.0.1 or [::1], unless --allow-remote is given",
                          address.host));
}

struct Connection {
  Channel channel;
  bool busy = false;
  bool used = false;     // has carried an answer: the peer may close it at any time
  bool retried = false;  // this request, after the peer had closed
  bool waits_to_send = false;
  uint32_t text = 0;  // of the request
  size_t sent = 0;
  Clock::time_point due, begin;       // of the request
  Clock::time_point opened, all_out;  // of the connection; when the last byte had been sent
  HttpResponse response;
};

class Generator {
 public:
  Generator(const SocketAddress& peer, std::optional<TlsClient> tls, const LoadRequest& request,
            const LoadOptions& options, std::vector<std::string> texts)
      : peer_(peer),
        tls_(std::move(tls)),
        options_(options),
        texts_(std::move(texts)),
        turns_(texts_.size(), request.weights),
        head_only_(request.method == "HEAD") {
    result_.by_path.resize(texts_.size());
  }
  ~Generator() {
    if (timer_ >= 0) close(timer_);
    if (epoll_ >= 0) close(epoll_);
  }
  Generator(const Generator&) = delete;
  Generator& operator=(const Generator&) = delete;

  Result<LoadResult> Run() {
    if (Result<void> made = MakeLoop(); !made) return tl::unexpected(made.error());
    const uint64_t count =
        std::min<uint64_t>(std::max(1u, options_.connections), options_.requests);
    connections_.resize(static_cast<size_t>(count));
    for (size_t i = connections_.size(); i-- > 0;) idle_.push_back(static_cast<uint32_t>(i));
    begin_ = last_tick_ = Clock::now();
    while (busy_ > 0 || !AllStarted()) {
      if (Result<void> turn = Turn(); !turn) return tl::unexpected(turn.error());
      if (stopped_) break;
    }
    End();
    return std::move(result_);
  }

 private:
  bool AllStarted() const { return started_ >= options_.requests; }
  bool has_rate() const { return options_.rate > 0; }

  Result<void> MakeLoop() {
    epoll_ = epoll_create1(EPOLL_CLOEXEC);
    if (epoll_ >= 0 && has_rate()) {
      timer_ = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
      epoll_event event{};
      event.events = EPOLLIN;
      event.data.u64 = kTimerEvent;
      if (timer_ >= 0) epoll_ctl(epoll_, EPOLL_CTL_ADD, timer_, &event);
    }
    if (epoll_ >= 0 && (timer_ >= 0 || !has_rate())) return {};
    return Fail(ErrorKind::kEnvironment,
                fmt::format("cannot make an epoll for the load: {}", std::strerror(errno)));
  }

  // With a rate: when the request of this number should begin.
  Clock::time_point DueTime(uint64_t number) const {
    const std::chrono::duration<double> after(static_cast<double>(number) / options_.rate);
    return begin_ + std::chrono::duration_cast<Clock::duration>(after);
  }

  // Requests whose time has come.
  uint64_t Due() const {
    if (!has_rate()) return options_.requests;
    const double seconds = std::chrono::duration<double>(Clock::now() - begin_).count();
    return std::min(options_.requests, static_cast<uint64_t>(seconds * options_.rate) + 1);
  }

  // At most one for each connection, so that a loop of failures comes back to look at the clock.
  Result<void> StartDue() {
    const uint64_t due = Due();
    for (size_t i = 0; i < connections_.size() && started_ < due && !idle_.empty(); ++i) {
      Connection* c = &connections_[idle_.back()];
      idle_.pop_back();
      if (Result<void> started = StartNext(c); !started) return started;
    }
    return {};
  }

  Result<void> StartNext(Connection* c) {
    c->text = turns_.Next();
    c->begin = Clock::now();
    c->due = has_rate() ? DueTime(started_) : c->begin;
    if (has_rate()) result_.turns.Record(Microseconds(c->begin - c->due));
    ++started_;
    ++busy_;
    c->busy = true;
    c->retried = false;
    return Send(c);
  }

  Result<void> Send(Connection* c) {
    c->sent = 0;
    c->response.Begin(head_only_);
    if (!c->channel.is_open()) return Connect(c);
    Push(c);
    return {};
  }

  Result<void> Connect(Connection* c) {
    c->used = false;
    c->opened = Clock::now();
    const bool open = c->channel.Open(peer_, tls_ ? &*tls_ : nullptr);
    if (!c->channel.is_open()) {
      return Fail(ErrorKind::kEnvironment,
                  fmt::format("cannot open connection {}: {}; use fewer with -c",
                              c - connections_.data() + 1, c->channel.failure()));
    }
    if (!open) {
      Fails(c, &result_.errors.connect, c->channel.failure());
      return {};
    }
    ++result_.connections;
    c->waits_to_send = false;
    Watch(c, EPOLL_CTL_ADD);
    Push(c);  // over loopback it is connected already
    return {};
  }

  void Watch(Connection* c, int operation) {
    epoll_event event{};
    event.events = EPOLLIN | (c->waits_to_send ? static_cast<uint32_t>(EPOLLOUT) : 0u);
    event.data.u64 = static_cast<uint64_t>(c - connections_.data());
    epoll_ctl(epoll_, operation, c->channel.fd(), &event);
  }

  void WaitToSend(Connection* c, bool wait) {
    if (c->waits_to_send == wait) return;
    c->waits_to_send = wait;
    Watch(c, EPOLL_CTL_MOD);
  }

  void Push(Connection* c) {
    const std::string& text = texts_[c->text];
    while (c->sent < text.size()) {
      const bool was_established = c->channel.established();
      const IoResult sent = c->channel.Send(std::string_view(text).substr(c->sent));
      if (sent.io == Io::kAgain) return WaitToSend(c, sent.waits_to_write);
      if (sent.io != Io::kDone) return Lost(c);
      if (!was_established) result_.connects.Record(Microseconds(Clock::now() - c->opened));
      c->sent += sent.bytes;
      result_.sent_bytes += sent.bytes;
    }
    c->all_out = Clock::now();
    WaitToSend(c, false);
  }

  void Free(Connection* c) {
    c->busy = false;
    --busy_;
    idle_.push_back(static_cast<uint32_t>(c - connections_.data()));
  }

  void Fails(Connection* c, uint64_t* kind, const std::string& why) {
    c->channel.Close();
    if (!c->busy) return;
    if (result_.failure.empty()) result_.failure = why;
    ++*kind;
    ++result_.by_path[c->text].failed;
    Free(c);
  }

  // The connection has come to an end.
  void Lost(Connection* c) {
    if (!c->busy) return c->channel.Close();
    if (c->response.EndsAtClose()) return Answered(c);
    // The peer may close an idle connection at the moment we use it again: that is nobody's error.
    if (c->used && !c->response.begun() && !c->retried) {
      c->channel.Close();
      c->retried = true;
      again_.push_back(static_cast<uint32_t>(c - connections_.data()));
      return;
    }
    const Channel& channel = c->channel;
    if (channel.failed_in_tls()) return Fails(c, &result_.errors.tls, channel.failure());
    if (!channel.established()) return Fails(c, &result_.errors.connect, channel.failure());
    Fails(c, &result_.errors.closed,
          c->response.begun() ? "it ends the connection inside an answer"
                              : "it ends the connection without an answer");
  }

  void Answered(Connection* c) {
    result_.latencies.Record(Microseconds(Clock::now() - c->due));
    ++result_.completed;
    ++result_.by_path[c->text].answered;
    if (c->used) ++result_.reused;
    result_.body_bytes += c->response.body_bytes();
    const int status = c->response.status();
    ++result_.by_status[status];
    if (status >= 400) {
      ++result_.errors.status;
      ++result_.by_path[c->text].failed;
    }
    c->used = true;
    if (!c->response.keeps_alive() || !options_.keep_alive ||
        c->response.state() != HttpResponse::State::kDone) {
      c->channel.Close();
    }
    Free(c);
  }

  void Read(Connection* c) {
    while (c->channel.is_open()) {
      const IoResult got = c->channel.Receive(buffer_);
      if (got.io == Io::kAgain) return;
      if (got.io != Io::kDone) return Lost(c);
      result_.received_bytes += got.bytes;
      // Bytes that nobody asked for: this connection cannot be trusted.
      if (!c->busy) return c->channel.Close();
      if (!c->response.begun()) result_.waits.Record(Microseconds(Clock::now() - c->all_out));
      const size_t taken = c->response.Take({buffer_.data(), got.bytes});
      if (c->response.state() == HttpResponse::State::kMalformed) {
        return Fails(c, &result_.errors.malformed, "its answer is not HTTP");
      }
      if (c->response.state() == HttpResponse::State::kDone) {
        Answered(c);
        if (taken < got.bytes) c->channel.Close();
        return;
      }
      if (!tls_ && got.bytes < buffer_.size()) return;
    }
  }

  void OnEvent(Connection* c, uint32_t what) {
    const auto open = [&] { return c->channel.is_open(); };
    // TLS shakes hands while it sends, and needs input for that.
    if (open() && c->busy && c->sent < texts_[c->text].size()) Push(c);
    if (open() && (what & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) Read(c);
  }

  // How long to sleep; with a rate the timer wakes us when the next request is due.
  int WaitMs(Clock::time_point now) {
    if (!again_.empty()) return 0;
    auto wait = std::chrono::duration_cast<milliseconds>(kTick);
    if (options_.time_limit.count() > 0) {
      const auto left = options_.time_limit - (now - begin_);
      wait = std::clamp(std::chrono::ceil<milliseconds>(left), milliseconds(0), wait);
    }
    if (idle_.empty() || AllStarted()) return static_cast<int>(wait.count());
    if (!has_rate()) return 0;
    const auto due =
        std::chrono::duration_cast<std::chrono::nanoseconds>(DueTime(started_).time_since_epoch());
    itimerspec at{};
    at.it_value.tv_sec = static_cast<time_t>(due.count() / 1'000'000'000);
    at.it_value.tv_nsec = static_cast<long>(due.count() % 1'000'000'000);
    timerfd_settime(timer_, TFD_TIMER_ABSTIME, &at, nullptr);
    return static_cast<int>(wait.count());
  }

  Result<void> Turn() {
    if (Result<void> started = StartDue(); !started) return started;
    std::array<epoll_event, kEventsAtOnce> events;
    const int n = epoll_wait(epoll_, events.data(), kEventsAtOnce, WaitMs(Clock::now()));
    for (int i = 0; i < n; ++i) {
      const epoll_event& event = events[static_cast<size_t>(i)];
      if (event.data.u64 == kTimerEvent) {
        uint64_t expired = 0;
        [[maybe_unused]] const ssize_t got = read(timer_, &expired, sizeof expired);
      } else {
        OnEvent(&connections_[static_cast<size_t>(event.data.u64)], event.events);
      }
      if (Result<void> started = StartDue(); !started) return started;
    }
    std::vector<uint32_t> again;
    again.swap(again_);
    for (const uint32_t index : again) {
      if (Result<void> sent = Send(&connections_[index]); !sent) return sent;
    }
    const Clock::time_point now = Clock::now();
    if (options_.time_limit.count() > 0 && now - begin_ >= options_.time_limit) {
      Stop(LoadEnd::kTime);
    }
    if (now - last_tick_ >= kTick) Tick(now);
    return {};
  }

  void Stop(LoadEnd why) {
    if (stopped_) return;
    stopped_ = true;
    result_.end = why;
    result_.interrupted = why == LoadEnd::kTime || why == LoadEnd::kCancelled;
  }

  void Tick(Clock::time_point now) {
    last_tick_ = now;
    for (Connection& c : connections_) {
      if (!c.busy || now - c.begin <= options_.request_timeout) continue;
      if (has_rate()) RecordWaitSoFar(c.due, now);
      Fails(&c, &result_.errors.timeout,
            fmt::format("it does not answer within {} s",
                        std::chrono::duration<double>(options_.request_timeout).count()));
    }
    result_.seconds = std::chrono::duration<double>(now - begin_).count();
    if (options_.on_progress) options_.on_progress(result_.tried());
    if (options_.on_result) options_.on_result(result_);
    const auto is_set = [](const CancelToken* t) { return t != nullptr && t->cancelled(); };
    if (is_set(options_.cancel) || is_set(options_.service_gone)) Stop(LoadEnd::kCancelled);
    const LoadErrors& e = result_.errors;
    const bool hopeless = options_.hopeless_after > 0 && result_.succeeded() == 0 &&
                          e.all() >= options_.hopeless_after;
    const bool silent = options_.silent_after > 0 && result_.completed == 0 &&
                        (e.unanswered() >= options_.silent_after || e.timeout > 0);
    if (hopeless || silent) Stop(LoadEnd::kGaveUp);
  }

  void RecordWaitSoFar(Clock::time_point due, Clock::time_point now) {
    result_.latencies.Record(Microseconds(now - due));
    ++result_.at_least;
  }

  void End() {
    const Clock::time_point now = Clock::now();
    result_.seconds = std::chrono::duration<double>(now - begin_).count();
    result_.unfinished = busy_;
    if (!has_rate() || !stopped_) return;
    for (const Connection& c : connections_) {
      if (c.busy) RecordWaitSoFar(c.due, now);
    }
    const uint64_t due = Due();
    result_.unfinished += due - std::min(due, started_);
    for (uint64_t number = started_; number < due; ++number) RecordWaitSoFar(DueTime(number), now);
  }

  const SocketAddress peer_;
  const std::optional<TlsClient> tls_;
  const LoadOptions& options_;
  const std::vector<std::string> texts_;
  PathTurns turns_;
  const bool head_only_;
  int epoll_ = -1, timer_ = -1;
  std::vector<Connection> connections_;
  std::vector<uint32_t> idle_;   // connections without a request; whether open or not
  std::vector<uint32_t> again_;  // connections whose request has to be sent once more
  std::vector<char> buffer_ = std::vector<char>(kReadBytes);
  Clock::time_point begin_, last_tick_;
  uint64_t started_ = 0;
  uint64_t busy_ = 0;
  bool stopped_ = false;
  LoadResult result_;
};

}  // namespace

Result<LoadResult> RunLoad(const LoadAddress& address, const LoadRequest& request,
                           const LoadOptions& options) {
  Result<SocketAddress> peer = AddressOf(address, options.allow_remote);
  if (!peer) return tl::unexpected(peer.error());
  if (request.paths.empty()) return Fail(ErrorKind::kUsage, "there is no path to ask for");
  if (options.requests == 0) return LoadResult{};
  std::optional<TlsClient> tls;
  if (address.tls) {
    const CertificateCheck check =
        options.insecure ? CertificateCheck::kNone : CertificateCheck::kRequired;
    Result<TlsClient> client =
        TlsClient::Make(address.server_name.empty() ? address.host : address.server_name, check);
    if (!client) return tl::unexpected(client.error());
    tls = std::move(*client);
  }
  return Generator(*peer, std::move(tls), request, options,
                   RequestTexts(address, request, options.keep_alive))
      .Run();
}

}  // namespace leaktrail
