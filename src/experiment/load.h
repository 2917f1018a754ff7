// HTTP/1.1 load on a service of this machine: so many requests, so many at a time.
//
//   connections   1 ──GET /a──▶ ◀──200── ──GET /b──▶ …      each asks again as soon as it has the
//                 2 ──GET /b──▶ ◀──200── …                  answer; paths are taken in turn
//
// Keep-alive unless told otherwise. What the peer closes between two requests is opened again and
// is no error. A request that gets no answer in time counts as one and its connection is replaced.
//
// Bounded: `requests` and, if set, `time_limit` end it, whichever comes first.
//
// Cost: one thread, about 10 µs a request. Only loopback addresses are taken. Linux (epoll).
// Threads: RunLoad may run several times at once.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/progress.h"
#include "base/result.h"

namespace leaktrail {

struct LoadAddress {
  std::string host = "127.0.0.1";  // numeric, loopback
  uint16_t port = 0;
};

struct LoadRequest {
  std::vector<std::string> paths{"/"};
  std::string method = "GET";
  std::vector<std::string> headers;  // "Name: value"; Host and Content-Length are added if absent
  std::string body;
  std::string content_type;  // "" for none
};

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
  const CancelToken* cancel = nullptr;
  const CancelToken* service_gone = nullptr;       // set when there is nobody left to answer
  std::function<void(uint64_t done)> on_progress;  // a few times a second
};

// Requests that got no useful answer, by kind.
struct LoadErrors {
  uint64_t connect = 0;  // refused or unreachable
  uint64_t closed = 0;   // the connection ended inside an answer or before it
  uint64_t timeout = 0;
  uint64_t malformed = 0;  // not HTTP
  uint64_t status = 0;     // an answer, but 4xx or 5xx
  uint64_t all() const { return connect + closed + timeout + malformed + status; }
};

struct LoadResult {
  uint64_t completed = 0;  // answers of any status
  LoadErrors errors;
  std::map<int, uint64_t> by_status;
  uint64_t received_bytes = 0, sent_bytes = 0;
  double seconds = 0;
  bool interrupted = false;            // cancelled, or the time limit came first
  std::vector<uint32_t> latencies_us;  // of answers, ascending

  uint64_t tried() const { return completed + errors.all() - errors.status; }
  uint64_t succeeded() const { return completed - errors.status; }
  double per_second() const { return seconds > 0 ? static_cast<double>(completed) / seconds : 0; }
  // `part` of 0…1; 0 if there was no answer.
  double LatencyMs(double part) const;
};

// Errors are about the call only (an address that is not loopback, no file descriptors left).
Result<LoadResult> RunLoad(const LoadAddress& address, const LoadRequest& request,
                           const LoadOptions& options);

}  // namespace leaktrail
