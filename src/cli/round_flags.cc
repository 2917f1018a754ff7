#include "cli/round_flags.h"

#include <fmt/format.h>

namespace leaktrail {
namespace {

constexpr uint32_t kMaxRequests = 100'000'000;
constexpr uint32_t kMaxConnections = 4096;
constexpr uint32_t kMaxSeconds = 24 * 3600;

}  // namespace

void AddRoundFlags(Verb* verb, RoundArguments* a, const std::string& time_help) {
  verb->Number("-n,--requests", 1, kMaxRequests, &a->requests, "at most so many requests a round")
      .Number("-c,--concurrency", 1, kMaxConnections, &a->connections, "so many at a time (10)")
      .Texts("--path", "PATH", &a->paths, "what to ask for (/); several are taken in turn");
  AddRequestFlags(verb, &a->request, "the body's type");
  verb->Number("--port", 1, 65535, &a->port, "its port, where it has several")
      .Number("--rounds", 8, 1000, &a->rounds, "at most so many rounds")
      .Number("--warmup", 1, 100, &a->warm_up, "at most so many rounds of warm-up")
      .Number("--settle", 1, 600'000, &a->settle_ms, "wait at most so many ms after a round (1500)")
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
  if (Result<void> applied = ApplyTo(a.request, "", &request); !applied) {
    return tl::unexpected(applied.error());
  }
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
