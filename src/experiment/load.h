// HTTP/1.1 load on a service: so many requests, so many at a time, or so many a second.
//
//   as fast as answers come        1 ──GET /a──▶ ◀──200── ──GET /b──▶ …
//                                  2 ──GET /b──▶ ◀──200── …
//
//   at a fixed rate (open loop)    due   │    │    │    │    │    │    …
//                                  sent  │    │    └──────────│││        the server stalls
//                                             latency of each ├──┤ counts from where it was due
//
// With a rate, whoever waits for the answers does not decide when the next request comes, as real
// users do not: all that a stall keeps waiting counts its wait. A generator that sends the next
// request only when it has the answer leaves those out ("coordinated omission": Gil Tene, How NOT
// to Measure Latency, 2013; Schroeder, Wierman, Harchol-Balter, Open Versus Closed, NSDI 2006).
// At the end, requests that were due and have no answer count with the wait that they have had.
//
// Keep-alive unless told otherwise. What the peer closes between two requests is opened again and
// is no error. A request that gets no answer in time counts as one and its connection is replaced.
//
// Bounded: `requests` and, if set, `time_limit` end it, whichever comes first.
//
// Cost: one thread, about 10 µs a request. Linux (epoll).
// Threads: RunLoad may run several times at once.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/progress.h"
#include "base/result.h"
#include "experiment/latencies.h"

namespace leaktrail {

struct LoadAddress {
  std::string host = "127.0.0.1";  // numeric
  uint16_t port = 0;
  bool tls = false;
  std::string name{};         // for the Host header; "": host and port
  std::string server_name{};  // whose certificate is expected; "": the host's
};

struct LoadRequest {
  std::vector<std::string> paths{"/"};
  std::string method = "GET";
  std::vector<std::string> headers;  // "Name: value"; Host and Content-Length are added if absent
  std::string body;
  std::string content_type;       // "" for none
  std::vector<uint32_t> weights;  // of the paths; missing ones are 1
};

struct LoadResult;

struct LoadOptions {
  uint64_t requests = 1;
  uint32_t connections = 10;
  bool keep_alive = true;
  std::chrono::milliseconds time_limit{0};  // 0: none
  std::chrono::milliseconds request_timeout{10'000};
  // Requests a second, spread evenly; 0: as fast as answers come.
  double rate = 0;
  // Gives up as soon as so many requests have failed and none has succeeded; 0: never.
  uint64_t hopeless_after = 0;
  // The same, but an answer of any status is one; also at the first time-out. 0: never.
  uint64_t silent_after = 0;
  bool allow_remote = false;  // else loopback addresses only
  bool insecure = false;      // TLS: take any certificate
  const CancelToken* cancel = nullptr;
  const CancelToken* service_gone = nullptr;       // set when there is nobody left to answer
  std::function<void(uint64_t done)> on_progress;  // a few times a second
  std::function<void(const LoadResult& so_far)> on_result;  // likewise
};

// Requests that got no useful answer, by kind.
struct LoadErrors {
  uint64_t connect = 0;  // refused or unreachable
  uint64_t closed = 0;   // the connection ended inside an answer or before it
  uint64_t timeout = 0;
  uint64_t malformed = 0;  // not HTTP
  uint64_t status = 0;     // an answer, but 4xx or 5xx
  uint64_t tls = 0;        // connected, but no TLS or no trust
  uint64_t unanswered() const { return connect + closed + timeout + malformed + tls; }
  uint64_t all() const { return unanswered() + status; }
};

enum class LoadEnd : uint8_t { kCount, kTime, kCancelled, kGaveUp };

struct LoadOfPath {
  uint64_t answered = 0, failed = 0;  // a status of 4xx or 5xx is both
};

struct LoadResult {
  uint64_t completed = 0;  // answers of any status
  LoadErrors errors;
  std::map<int, uint64_t> by_status;
  std::vector<LoadOfPath> by_path;
  uint64_t received_bytes = 0, sent_bytes = 0, body_bytes = 0;
  double seconds = 0;
  bool interrupted = false;  // cancelled, or the time limit came first
  LoadEnd end = LoadEnd::kCount;
  uint64_t unfinished = 0;   // had begun, or with a rate were due, when it ended
  uint64_t connections = 0;  // opened
  uint64_t reused = 0;       // answers on a connection that had carried one before
  std::string failure;       // of the first request that got no answer, in words

  Latencies latencies;    // of answers, from when they were due to the last byte
  Latencies connects;     // of new connections, TLS included
  Latencies waits;        // from the request's last byte sent to the answer's first
  Latencies turns;        // with a rate: from when it was due to when it could be begun
  uint64_t at_least = 0;  // with a rate: latencies of requests without an answer so far

  uint64_t tried() const { return completed + errors.unanswered(); }
  uint64_t succeeded() const { return completed - errors.status; }
  double per_second() const { return seconds > 0 ? static_cast<double>(completed) / seconds : 0; }
  // `part` of 0…1; 0 if there was no answer.
  double LatencyMs(double part) const { return static_cast<double>(latencies.At(part)) / 1000; }
};

// Errors are about the call only (an address that is not loopback, no file descriptors left).
Result<LoadResult> RunLoad(const LoadAddress& address, const LoadRequest& request,
                           const LoadOptions& options);

}  // namespace leaktrail
