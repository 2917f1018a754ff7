#include "cli/round_flags.h"

#include <fmt/format.h>

#include "cli/request_flags.h"

namespace leaktrail {
namespace {

constexpr uint32_t kMaxRequests = 100'000'000;
constexpr uint32_t kMaxConnections = 4096;
constexpr uint32_t kMaxSeconds = 24 * 3600;

}  // namespace

void AddRoundFlags(Verb* verb, RoundArguments* a, const std::string& time_help) {
  verb->Number("-n,--requests", 1, kMaxRequests, &a->requests, "at most so many requests a round")
      .Number("-c,--concurrency", 1, kMaxConnections, &a->connections, "so many at a time (10)")
      .Texts("--path", "PATH", &a->paths, "what to ask for (/); several are taken in turn")
      .Text("-m,--method", "METHOD", &a->method, "GET, or POST if there is a body")
      .Texts("-H,--header", "'NAME: VALUE'", &a->headers, "a header of each request")
      .Text("-p,--body", "FILE", &a->body_file, "the body of each request")
      .Text("-T,--content-type", "TYPE", &a->content_type, "the body's type")
      .Number("--port", 1, 65535, &a->port, "its port, where it has several")
      .Number("--rounds", 8, 1000, &a->rounds, "at most so many rounds")
      .Number("--warmup", 1, 100, &a->warm_up, "at most so many rounds of warm-up")
      .Number("--settle", 1, 600'000, &a->settle_ms, "wait at most so many ms after a round")
      .Number("--time", 5, kMaxSeconds, &a->seconds, time_help);
}

Result<LoadRequest> RequestOf(const RoundArguments& a) {
  LoadRequest request;
  if (!a.paths.empty()) request.paths = a.paths;
  for (const std::string& path : request.paths) {
    if (path.empty() || path[0] != '/' || path.find_first_of(" \r\n") != std::string::npos) {
      return Fail(
          ErrorKind::kUsage,
          fmt::format("--path takes the path of a URL, like /api/items?id=1, not '{}'", path));
    }
  }
  if (Result<void> checked = CheckHeaders(a.headers); !checked) {
    return tl::unexpected(checked.error());
  }
  request.headers = a.headers;
  request.content_type = a.content_type;
  if (!a.body_file.empty()) {
    Result<std::string> body = ReadBody(a.body_file);
    if (!body) return tl::unexpected(body.error());
    request.body = std::move(*body);
    request.method = "POST";
  }
  if (!a.method.empty()) request.method = a.method;
  return request;
}

void ApplyTo(const RoundArguments& a, RoundsOptions* rounds) {
  rounds->requests_per_round = a.requests;
  rounds->connections = a.connections;
  if (a.rounds > 0) rounds->max_rounds = a.rounds;
  if (a.warm_up > 0) rounds->max_warm_up = a.warm_up;
  if (a.settle_ms > 0) rounds->max_settle = std::chrono::milliseconds(a.settle_ms);
  if (a.seconds > 0) rounds->time_limit = std::chrono::seconds(a.seconds);
}

}  // namespace leaktrail
