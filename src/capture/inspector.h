// A client of the Chrome DevTools Protocol, as Node's inspector speaks it over a WebSocket.
//
//   Call ──request {id, method, params}──▶ target
//   Call ◀──answer {id, result | error}──┐
//   EventHandler ◀──event {method, params}┴─ target
//
// Worker threads of the target have sessions of their own inside the one connection (the NodeWorker
// domain); a call names the session it is for.
//
// Cost: an idle connection costs the target nothing; a call takes its event loop as long as what it
// asks for. Messages may be of any size: each is decoded alone, so a snapshot that comes in chunks
// is never held as a whole. Threads: Call, Evaluate and OnEvent from any thread, several at once.
// One thread of the client reads and answers the peer's pings and closes at all times, also while
// nobody calls: a client that does not would freeze the target when somebody closes its inspector.
// Event handlers run on that thread; they may not call the client, and while they run nothing is
// read (so the target is slowed down to their pace, not buffered).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/progress.h"
#include "base/result.h"

namespace leaktrail {

// Where an inspector listens. `host` is a numeric address, IPv4 or IPv6 without brackets.
struct InspectorAddress {
  std::string host = "127.0.0.1";
  uint16_t port = 0;
};
std::string ToString(const InspectorAddress& address);  // "127.0.0.1:9229", "[::1]:9229"
// "127.0.0.1:9229", "localhost:9229", "[::1]:9229"; an error for names, which are not looked up.
Result<InspectorAddress> ParseInspectorAddress(std::string_view text);

struct InspectorOptions {
  // Reach the address from the network namespace of this process; 0: from our own.
  int network_of_pid = 0;
  std::chrono::milliseconds connect_timeout{5000};
  const CancelToken* cancel = nullptr;  // ends waiting in Connect and in every Call
};

// "" is the main thread's; others come from Inspector::FindWorkers.
using InspectorSession = std::string;

struct CallOptions {
  std::chrono::milliseconds timeout{10'000};
  InspectorSession session;
  // A farewell is said also after the user has interrupted.
  bool even_if_cancelled = false;
};

struct InspectorEvent {
  const InspectorSession& session;
  std::string_view method;
  const nlohmann::json& params;
};
using EventHandler = std::function<void(const InspectorEvent&)>;

// A worker thread of the target.
struct InspectorWorker {
  InspectorSession session;
  std::string id;     // Node's threadId, where the version tells it
  std::string title;  // "Worker 1"
  std::string url;    // "file:///srv/app/worker.js"
};

class Inspector {
 public:
  // Asks http://address/json/list for the target and opens its WebSocket.
  static Result<std::unique_ptr<Inspector>> Connect(const InspectorAddress& address,
                                                    const InspectorOptions& options);
  // Closes the connection (Close).
  virtual ~Inspector() = default;

  const InspectorAddress& address() const { return address_; }
  // False as soon as the connection is gone, whoever ended it; also when the target is about to
  // exit, for which Node would wait: the connection then ends by itself.
  virtual bool connected() const = 0;

  // The answer's `result`. What the target refuses, a connection that ends, silence until the
  // timeout, and cancellation are errors; after the latter two a late answer is dropped.
  virtual Result<nlohmann::json> Call(std::string_view method, const nlohmann::json& params,
                                      const CallOptions& options = {}) = 0;

  // The value of a JavaScript expression, by value, with the command line API (so `require` is
  // there in CommonJS, in ES modules and in workers alike). A promise is waited for. What is thrown
  // or rejected becomes an error with the exception's text.
  Result<nlohmann::json> Evaluate(std::string_view expression, const CallOptions& options = {});

  // Events of this method, of all sessions, go to `handler`; an empty one ends that. When this
  // returns, the earlier handler of the method does not run any more.
  virtual void OnEvent(std::string_view method, EventHandler handler) = 0;

  // The worker threads that run now, each with a session that lives until the connection closes.
  // Worker threads nested in workers are not seen (NodeWorker shows direct children).
  virtual Result<std::vector<InspectorWorker>> FindWorkers(const CallOptions& options = {}) = 0;

  // Says goodbye (a second at most); while answers are owed, connection_keeper.h does. Calls fail.
  virtual void Close() = 0;

 protected:
  explicit Inspector(InspectorAddress address) : address_(std::move(address)) {}

 private:
  InspectorAddress address_;
};

// Whether an inspector of Node answers there: its /json/version names node. Sends one GET.
bool IsNodeInspector(const InspectorAddress& address, const InspectorOptions& options);

}  // namespace leaktrail
