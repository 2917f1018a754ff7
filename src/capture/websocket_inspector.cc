// The inspector client on Boost.Beast. All of Beast is in this file: it takes half a minute to
// compile.
#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket.hpp>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>
#include <unordered_map>

#include "capture/connection_keeper.h"
#include "capture/inspector.h"
#include "capture/inspector_discovery.h"
#include "capture/surrogates.h"
#include "capture/tcp_connect.h"

namespace leaktrail {
namespace {

namespace net = boost::asio;
namespace websocket = boost::beast::websocket;
using ErrorCode = boost::system::error_code;
using Json = nlohmann::json;

constexpr std::chrono::milliseconds kCancelCheck{50};
constexpr std::chrono::seconds kGoodbye{1};
// Workers announce themselves after NodeWorker.enable has been answered.
constexpr std::chrono::milliseconds kWorkersQuiet{60};
constexpr size_t kLargeBuffer = 4 << 20;  // more is given back after a message

struct PendingCall {
  InspectorSession session;
  bool done = false;
  Json result;
  std::optional<std::string> refusal;
};

std::string RefusalText(const Json& error) {
  std::string text = error.value("message", "it was refused");
  if (const auto data = error.find("data"); data != error.end() && data->is_string()) {
    text += ": " + data->get<std::string>();
  }
  return text;
}

class WebSocketInspector final : public Inspector {
 public:
  WebSocketInspector(InspectorAddress address, const CancelToken* cancel)
      : Inspector(std::move(address)), cancel_(cancel) {}
  ~WebSocketInspector() override { Close(); }

  Result<void> Open(FileDescriptor connected, const std::string& path, SteadyTime deadline);

  bool connected() const override {
    const std::lock_guard lock(mutex_);
    return open_;
  }
  Result<Json> Call(std::string_view method, const Json& params,
                    const CallOptions& options) override;
  void OnEvent(std::string_view method, EventHandler handler) override;
  Result<std::vector<InspectorWorker>> FindWorkers(const CallOptions& options) override;
  void Close() override;

 private:
  // On the client's thread.
  void Send(std::string message);
  void WriteNext();
  void ReadNext();
  void OnMessage();
  void Dispatch(const InspectorSession& session, Json* message);
  void OnAnswer(uint64_t id, Json* message);
  void OnWorkerEvent(const std::string& method, const Json& params);
  void OnGone();
  void OnTargetExits();
  void CountAnswer();
  bool Owed() const;  // the target is still to answer something

  void Finish(PendingCall* call, Json* message);  // mutex_ held
  void LetGo();                                   // on the client's thread or after its end

  const CancelToken* cancel_;
  net::io_context io_;
  net::executor_work_guard<net::io_context::executor_type> work_{io_.get_executor()};
  websocket::stream<net::ip::tcp::socket> socket_{io_};
  boost::beast::flat_buffer incoming_;
  std::deque<std::string> outgoing_;
  bool writing_ = false;
  std::thread thread_;
  std::once_flag closed_once_;
  std::optional<ConnectionKeeper> keeper_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
  uint64_t last_id_ = 0;
  uint64_t owed_ = 0;  // requests that the target has not answered, also those nobody waits for
  std::unordered_map<uint64_t, std::shared_ptr<PendingCall>> pending_;
  // A call to a worker travels inside a call of its own, whose answer matters only if it fails.
  std::unordered_map<uint64_t, uint64_t> envelopes_;
  std::map<InspectorSession, InspectorWorker> workers_;
  bool workers_enabled_ = false;
  SteadyTime last_worker_news_;

  std::mutex handler_mutex_;  // held while a handler runs
  std::map<std::string, EventHandler, std::less<>> handlers_;
};

Result<void> WebSocketInspector::Open(FileDescriptor connected, const std::string& path,
                                      SteadyTime deadline) {
  ErrorCode error;
  keeper_.emplace(connected.get());
  const bool v6 = address().host.find(':') != std::string::npos;
  socket_.next_layer().assign(v6 ? net::ip::tcp::v6() : net::ip::tcp::v4(), connected.Release(),
                              error);
  const auto failed = [&](const std::string& why) {
    keeper_->AllIsWell();
    return Fail(ErrorKind::kEnvironment,
                fmt::format("cannot connect to the inspector at {}: {}", ToString(address()), why));
  };
  if (error) return failed(error.message());
  socket_.next_layer().set_option(net::ip::tcp::no_delay(true), error);
  socket_.read_message_max(0);  // no limit: a value may be as large as the target's heap
  // Node's inspector takes no messages of several frames: it closes the connection.
  socket_.auto_fragment(false);
  websocket::stream_base::timeout limits{};
  limits.handshake_timeout = std::max<std::chrono::steady_clock::duration>(
      deadline - std::chrono::steady_clock::now(), std::chrono::milliseconds(1));
  limits.idle_timeout = websocket::stream_base::none();
  limits.keep_alive_pings = false;
  socket_.set_option(limits);

  bool done = false;
  socket_.async_handshake(ToString(address()), path, [&](const ErrorCode& e) {
    error = e;
    done = true;
  });
  while (!done) {
    io_.run_one_for(kCancelCheck);
    if (!done && cancel_ != nullptr && cancel_->cancelled()) {
      ErrorCode ignored;
      socket_.next_layer().close(ignored);
      while (!done) io_.run_one();
      keeper_->AllIsWell();
      return Fail(ErrorKind::kInterrupted, "interrupted");
    }
  }
  if (error) return failed(error.message());
  limits.handshake_timeout = kGoodbye;  // from now on: of the closing handshake
  socket_.set_option(limits);
  open_ = true;
  owed_ = 1;  // to the request below
  ReadNext();
  thread_ = std::thread([this] { io_.run(); });
  net::post(io_, [this] {
    Send(R"({"id":0,"method":"NodeRuntime.notifyWhenWaitingForDisconnect",)"
         R"("params":{"enabled":true}})");
  });
  return {};
}

void WebSocketInspector::Send(std::string message) {
  outgoing_.push_back(std::move(message));
  if (!writing_) WriteNext();
}

void WebSocketInspector::WriteNext() {
  if (outgoing_.empty()) return;
  writing_ = true;
  socket_.text(true);
  socket_.async_write(net::buffer(outgoing_.front()), [this](const ErrorCode& error, size_t) {
    writing_ = false;
    outgoing_.pop_front();
    if (error) return OnGone();
    WriteNext();
  });
}

void WebSocketInspector::ReadNext() {
  socket_.async_read(incoming_, [this](const ErrorCode& error, size_t) {
    if (error) return OnGone();
    OnMessage();
    ReadNext();
  });
}

void WebSocketInspector::OnGone() {
  const std::lock_guard lock(mutex_);
  open_ = false;
  pending_.clear();
  changed_.notify_all();
}

// Node waits for its clients before it exits, and answers no promise any more.
void WebSocketInspector::OnTargetExits() {
  OnGone();
  LetGo();
}

void WebSocketInspector::OnMessage() {
  const auto bytes = incoming_.data();
  const std::string_view text(static_cast<const char*>(bytes.data()), bytes.size());
  Json message = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (message.is_discarded()) {
    message = Json::parse(ReplaceLoneSurrogates(text), nullptr, /*allow_exceptions=*/false);
  }
  incoming_.consume(bytes.size());
  if (incoming_.capacity() > kLargeBuffer) incoming_ = boost::beast::flat_buffer();
  static const InspectorSession kMainThread;
  Dispatch(kMainThread, &message);
}

void WebSocketInspector::Dispatch(const InspectorSession& session, Json* message) {
  if (!message->is_object()) return;
  if (const auto id = message->find("id"); id != message->end()) {
    if (session.empty()) CountAnswer();
    if (id->is_number_unsigned()) OnAnswer(id->get<uint64_t>(), message);
    return;
  }
  const auto method = message->find("method");
  if (method == message->end() || !method->is_string()) return;
  const std::string& name = method->get_ref<const std::string&>();
  static const Json kNoParams = Json::object();
  const auto params = message->find("params");
  const Json& given = params == message->end() ? kNoParams : *params;
  if (name == "NodeWorker.receivedMessageFromWorker") {
    const std::string text = given.value("message", "");
    Json inner = Json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (inner.is_discarded()) {
      inner = Json::parse(ReplaceLoneSurrogates(text), nullptr, /*allow_exceptions=*/false);
    }
    return Dispatch(given.value("sessionId", ""), &inner);
  }
  if (name.starts_with("NodeWorker.")) OnWorkerEvent(name, given);
  {
    const std::lock_guard lock(handler_mutex_);
    const auto handler = handlers_.find(name);
    if (handler != handlers_.end()) handler->second(InspectorEvent{session, name, given});
  }
  if (session.empty() && name == "NodeRuntime.waitingForDisconnect") OnTargetExits();
}

void WebSocketInspector::CountAnswer() {
  const std::lock_guard lock(mutex_);
  if (owed_ > 0) --owed_;
}

void WebSocketInspector::OnAnswer(uint64_t id, Json* message) {
  const std::lock_guard lock(mutex_);
  if (const auto envelope = envelopes_.find(id); envelope != envelopes_.end()) {
    const uint64_t inner = envelope->second;
    envelopes_.erase(envelope);
    if (!message->contains("error")) return;
    id = inner;
  }
  const auto pending = pending_.find(id);
  if (pending == pending_.end()) return;  // nobody waits any more
  Finish(pending->second.get(), message);
  pending_.erase(pending);
}

void WebSocketInspector::Finish(PendingCall* call, Json* message) {
  if (const auto error = message->find("error"); error != message->end()) {
    call->refusal = RefusalText(*error);
  } else if (const auto result = message->find("result"); result != message->end()) {
    call->result = std::move(*result);
  }
  call->done = true;
  changed_.notify_all();
}

void WebSocketInspector::OnWorkerEvent(const std::string& method, const Json& params) {
  const InspectorSession session = params.value("sessionId", "");
  const std::lock_guard lock(mutex_);
  last_worker_news_ = std::chrono::steady_clock::now();
  if (method == "NodeWorker.attachedToWorker") {
    const Json info = params.value("workerInfo", Json::object());
    workers_[session] = {session, info.value("workerId", ""), info.value("title", ""),
                         info.value("url", "")};
  } else if (method == "NodeWorker.detachedFromWorker") {
    workers_.erase(session);
    for (auto it = pending_.begin(); it != pending_.end();) {
      if (it->second->session != session) {
        ++it;
        continue;
      }
      it->second->refusal = "the worker thread has ended";
      it->second->done = true;
      it = pending_.erase(it);
    }
  }
  changed_.notify_all();
}

Result<Json> WebSocketInspector::Call(std::string_view method, const Json& params,
                                      const CallOptions& options) {
  const auto gone = [&] {
    return Fail(ErrorKind::kEnvironment,
                fmt::format("the inspector at {} closed the connection; the process has ended, or "
                            "something closed its inspector",
                            ToString(address())));
  };
  const auto call = std::make_shared<PendingCall>();
  call->session = options.session;
  std::string message;
  uint64_t id = 0;
  {
    const std::lock_guard lock(mutex_);
    if (!open_) return gone();
    id = ++last_id_;
    Json request = {{"id", id}, {"method", method}, {"params", params}};
    if (!options.session.empty()) {
      const uint64_t envelope = ++last_id_;
      envelopes_[envelope] = id;
      const std::string inner = request.dump(-1, ' ', false, Json::error_handler_t::replace);
      request = {{"id", envelope},
                 {"method", "NodeWorker.sendMessageToWorker"},
                 {"params", {{"sessionId", options.session}, {"message", inner}}}};
    }
    message = request.dump(-1, ' ', false, Json::error_handler_t::replace);
    pending_[id] = call;
    ++owed_;
  }
  net::post(io_, [this, text = std::move(message)]() mutable { Send(std::move(text)); });

  const SteadyTime deadline = std::chrono::steady_clock::now() + options.timeout;
  std::unique_lock lock(mutex_);
  while (!call->done) {
    if (!open_) return gone();
    if (!options.even_if_cancelled && cancel_ != nullptr && cancel_->cancelled()) {
      pending_.erase(id);
      return Fail(ErrorKind::kInterrupted, "interrupted");
    }
    const SteadyTime now = std::chrono::steady_clock::now();
    if (now >= deadline) {
      pending_.erase(id);
      return Fail(
          ErrorKind::kEnvironment,
          fmt::format("the target did not answer {} within {:.1f} s; its event loop is busy, or "
                      "stopped by a debugger",
                      method, std::chrono::duration<double>(options.timeout).count()));
    }
    changed_.wait_until(lock, std::min(deadline, now + kCancelCheck));
  }
  if (call->refusal) {
    return Fail(ErrorKind::kEnvironment,
                fmt::format("the target refused {}: {}", method, *call->refusal));
  }
  return std::move(call->result);
}

void WebSocketInspector::OnEvent(std::string_view method, EventHandler handler) {
  const std::lock_guard lock(handler_mutex_);
  if (handler) {
    handlers_[std::string(method)] = std::move(handler);
  } else if (const auto it = handlers_.find(method); it != handlers_.end()) {
    handlers_.erase(it);
  }
}

Result<std::vector<InspectorWorker>> WebSocketInspector::FindWorkers(const CallOptions& options) {
  bool enable = false;
  {
    const std::lock_guard lock(mutex_);
    enable = !workers_enabled_;
    workers_enabled_ = true;
    last_worker_news_ = std::chrono::steady_clock::now();
  }
  if (enable) {
    Result<Json> enabled = Call("NodeWorker.enable", {{"waitForDebuggerOnStart", false}}, options);
    if (!enabled) {
      const std::lock_guard lock(mutex_);
      workers_enabled_ = false;
      return tl::unexpected(enabled.error());
    }
  }
  std::unique_lock lock(mutex_);
  if (enable) {
    last_worker_news_ = std::chrono::steady_clock::now();
    while (open_ && std::chrono::steady_clock::now() < last_worker_news_ + kWorkersQuiet) {
      changed_.wait_until(lock, last_worker_news_ + kWorkersQuiet);
    }
  }
  std::vector<InspectorWorker> out;
  for (const auto& [session, worker] : workers_) out.push_back(worker);
  return out;
}

void WebSocketInspector::Close() {
  std::call_once(closed_once_, [this] {
    if (!thread_.joinable()) return;
    net::post(io_, [this] {
      if (!socket_.is_open() || Owed()) return io_.stop();
      // Ends by itself after kGoodbye if the peer says nothing.
      socket_.async_close(websocket::close_code::normal, [this](const ErrorCode&) { io_.stop(); });
    });
    thread_.join();
    // While the target has answers for us the connection may not end: the keeper waits for them.
    if (keeper_ && !Owed()) keeper_->AllIsWell();
    LetGo();
    OnGone();
  });
}

// Unless all is well the keeper ends the connection now.
void WebSocketInspector::LetGo() {
  ErrorCode ignored;
  socket_.next_layer().close(ignored);
  keeper_.reset();
}

bool WebSocketInspector::Owed() const {
  const std::lock_guard lock(mutex_);
  return open_ && owed_ > 0;
}

}  // namespace

Result<std::unique_ptr<Inspector>> Inspector::Connect(const InspectorAddress& address,
                                                      const InspectorOptions& options) {
  const SteadyTime deadline = std::chrono::steady_clock::now() + options.connect_timeout;
  const Result<std::string> path = FindWebSocketPath(address, options, deadline);
  if (!path) return tl::unexpected(path.error());
  Result<FileDescriptor> connected = ConnectTcp(address, options, deadline);
  if (!connected) return tl::unexpected(connected.error());
  auto inspector = std::make_unique<WebSocketInspector>(address, options.cancel);
  if (Result<void> opened = inspector->Open(std::move(*connected), *path, deadline); !opened) {
    return tl::unexpected(opened.error());
  }
  return inspector;
}

}  // namespace leaktrail
