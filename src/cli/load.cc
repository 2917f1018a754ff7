// leaktrail load URL: put load on it, with ab's habits.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <memory>

#include "cli/command_line.h"
#include "cli/interrupt.h"
#include "cli/request_flags.h"
#include "cli/run.h"
#include "experiment/load.h"
#include "experiment/load_url.h"
#include "experiment/request_texts.h"
#include "experiment/weighted_paths.h"
#include "report/load_report.h"

namespace leaktrail {
namespace {

constexpr uint32_t kMaxRequests = 1'000'000'000;
constexpr uint32_t kMaxConnections = 20'000;
constexpr uint32_t kMaxSeconds = 24 * 3600;
constexpr uint32_t kUsualSeconds = 3600;            // nothing runs for ever
constexpr uint32_t kRequestsOfATimeLimit = 50'000;  // ab: -t implies -n 50000
constexpr uint32_t kUsualTimeout = 30;              // ab's -s
constexpr double kMaxRate = 1e6;
constexpr uint64_t kSilentAfter = 10;
constexpr std::chrono::milliseconds kGrace{2000};
constexpr const char* kTypeOfABody = "text/plain";  // ab's
constexpr double kPercents[] = {50, 66, 75, 80, 90, 95, 98, 99, 99.9, 100};

struct LoadArguments {
  std::string url;
  uint32_t requests = 0, connections = 1, seconds = 0, timeout = kUsualTimeout;
  bool keep_alive = false, insecure = false, allow_remote = false;
  std::vector<std::string> paths, cookies;
  RequestArguments request;
  std::string credentials, rate;
};

Result<double> RateOf(const LoadArguments& a) {
  if (a.rate.empty()) return 0.0;
  char* end = nullptr;
  const double rate = std::strtod(a.rate.c_str(), &end);
  if (end == a.rate.c_str() || *end != '\0' || !(rate >= 0.001) || rate > kMaxRate) {
    return Fail(ErrorKind::kUsage,
                fmt::format("--rate takes requests a second, from 0.001 to {:.0f}, not '{}'",
                            kMaxRate, a.rate));
  }
  if (a.requests == 0 && a.seconds == 0) {
    return Fail(ErrorKind::kUsage, "--rate needs an end: -t SECONDS or -n REQUESTS");
  }
  return rate;
}

// As ab counts; with a rate, what is due before the time is up.
uint64_t CountOf(const LoadArguments& a, double rate) {
  const uint64_t most = a.requests > 0 ? a.requests : kMaxRequests;
  if (rate > 0) {
    const double due = std::ceil(rate * (a.seconds > 0 ? a.seconds : kUsualSeconds));
    return std::clamp<uint64_t>(static_cast<uint64_t>(due), 1, most);
  }
  return a.requests > 0 ? a.requests : a.seconds > 0 ? kRequestsOfATimeLimit : 1;
}

Result<LoadRequest> RequestOf(const LoadArguments& a, const LoadUrl& url) {
  LoadRequest request;
  const bool url_has_path = !url.target.empty() && url.target != "/";
  if (url_has_path && !a.paths.empty()) {
    return Fail(ErrorKind::kUsage,
                fmt::format("the URL has a path, {}, and --path names others; give all of them "
                            "with --path",
                            url.target));
  }
  request.paths = {url.target.empty() ? "/" : url.target};
  if (!a.paths.empty()) request.paths.clear();
  for (const std::string& text : a.paths) {
    Result<WeightedPath> path = ParseWeightedPath(text);
    if (!path) return tl::unexpected(path.error());
    request.paths.push_back(path->path);
    request.weights.push_back(path->weight);
  }
  if (Result<void> applied = ApplyTo(a.request, kTypeOfABody, &request); !applied) {
    return tl::unexpected(applied.error());
  }
  std::string cookies;
  for (const std::string& cookie : a.cookies) {
    if (!IsHeaderText(cookie) || cookie.find('=') == std::string::npos) {
      return Fail(ErrorKind::kUsage, fmt::format("-C takes a cookie NAME=VALUE, not '{}'", cookie));
    }
    cookies += (cookies.empty() ? "Cookie: " : "; ") + cookie;
  }
  if (!cookies.empty()) request.headers.push_back(cookies);
  if (!a.credentials.empty()) {
    if (a.credentials.find(':') == std::string::npos) {
      return Fail(ErrorKind::kUsage, "-A takes USER:PASSWORD, with a colon");
    }
    request.headers.push_back(BasicAuthorization(a.credentials));
  }
  return request;
}

LoadTimes TimesOf(const Latencies& l) {
  const auto ms = [](double us) { return us / 1000; };
  return {l.count(),
          ms(static_cast<double>(l.least_us())),
          ms(l.mean_us()),
          ms(l.deviation_us()),
          ms(static_cast<double>(l.At(0.5))),
          ms(static_cast<double>(l.greatest_us()))};
}

const char* EndName(LoadEnd end) {
  switch (end) {
    case LoadEnd::kCount:
      return "count";
    case LoadEnd::kTime:
      return "time";
    case LoadEnd::kCancelled:
      return "interrupt";
    case LoadEnd::kGaveUp:
      return "no_answer";
  }
  return "count";
}

LoadReport ReportOf(const LoadUrl& url, const LoadRequest& request, const LoadOptions& options,
                    const LoadResult& result) {
  LoadReport report;
  report.origin = url.origin();
  report.method = request.method;
  for (size_t i = 0; i < request.paths.size(); ++i) {
    const LoadOfPath of = i < result.by_path.size() ? result.by_path[i] : LoadOfPath{};
    report.paths.push_back({request.paths[i], i < request.weights.size() ? request.weights[i] : 1,
                            of.answered, of.failed});
  }
  report.requests = options.requests;
  report.concurrency = options.connections;
  report.keep_alive = options.keep_alive;
  if (options.rate > 0) report.rate = options.rate;
  report.time_limit_seconds = std::chrono::duration<double>(options.time_limit).count();
  report.ended_by = EndName(result.end);
  report.seconds = result.seconds;
  report.answered = result.completed;
  report.failed = result.errors.all();
  report.unfinished = result.unfinished;
  report.connections = result.connections;
  report.reused = result.reused;
  report.by_status = result.by_status;
  const LoadErrors& e = result.errors;
  report.errors = {{"connect", e.connect},     {"tls", e.tls},
                   {"closed", e.closed},       {"timeout", e.timeout},
                   {"malformed", e.malformed}, {"status", e.status}};
  report.failure = result.failure;
  report.received_bytes = result.received_bytes;
  report.sent_bytes = result.sent_bytes;
  report.body_bytes = result.body_bytes;
  report.connect = TimesOf(result.connects);
  report.waiting = TimesOf(result.waits);
  report.turn = TimesOf(result.turns);
  report.total = TimesOf(result.latencies);
  report.at_least = result.at_least;
  for (const double percent : kPercents) {
    report.percentiles.emplace_back(percent, result.LatencyMs(percent / 100));
  }
  return report;
}

// Nothing succeeded: what it was, and what to do.
Error FailureOf(const LoadUrl& url, const LoadResult& result) {
  const LoadErrors& e = result.errors;
  const std::string where = url.origin();
  const uint64_t most = std::max({e.connect, e.tls, e.closed, e.timeout, e.malformed, e.status});
  std::string what;
  if (most == e.status) {
    what = fmt::format(
        "{} answers with status {} to all of {} requests; name what it answers "
        "with a path, -m and -H",
        where, result.by_status.begin()->first, result.completed);
  } else if (most == e.connect) {
    what = fmt::format("nobody answers at {} ({}); is the service running, on this port?", where,
                       result.failure);
  } else if (most == e.tls) {
    const bool no_tls = result.failure.find("speak TLS") != std::string::npos;
    const bool no_trust = result.failure.find("not trusted") != std::string::npos;
    what = fmt::format("no TLS with {}: {}{}", where, result.failure,
                       no_tls     ? "; ask with http://"
                       : no_trust ? "; --insecure takes any certificate"
                                  : "");
  } else if (most == e.timeout) {
    what = fmt::format("{} takes connections but sends no answer: {}; -s waits longer", where,
                       result.failure);
  } else if (most == e.malformed) {
    what = fmt::format("what {} answers is not HTTP/1.1; is this its port{}?", where,
                       url.tls ? "" : ", and is it not https");
  } else {
    what = fmt::format("{} closes all of {} connections: {}{}", where, e.closed, result.failure,
                       url.tls ? "" : "; is it https?");
  }
  return {ErrorKind::kEnvironment, std::move(what), std::nullopt};
}

Result<int> RunLoadVerb(const LoadArguments& a, Run& run) {
  Result<LoadUrl> url = ParseLoadUrl(a.url);
  if (!url) return tl::unexpected(url.error());
  Result<LoadRequest> request = RequestOf(a, *url);
  if (!request) return tl::unexpected(request.error());
  Result<double> rate = RateOf(a);
  if (!rate) return tl::unexpected(rate.error());
  Result<LoadAddress> address =
      FindLoadAddress(*url, a.allow_remote ? RemoteHosts::kAllowed : RemoteHosts::kRefused);
  if (!address) return tl::unexpected(address.error());
  LoadOptions options;
  options.requests = CountOf(a, *rate);
  options.connections = a.connections;
  options.keep_alive = a.keep_alive;
  options.time_limit = std::chrono::seconds(a.seconds > 0 ? a.seconds : kUsualSeconds);
  options.request_timeout = std::chrono::seconds(a.timeout);
  options.rate = *rate;
  options.silent_after = kSilentAfter;
  options.allow_remote = a.allow_remote;
  options.insecure = a.insecure;
  options.cancel = run.cancel();
  options.on_result = [&](const LoadResult& so_far) {
    run.ShowStatus(LoadProgressText(ReportOf(*url, *request, options, so_far)));
  };
  SetInterruptGrace(kGrace);
  Result<LoadResult> result = RunLoad(*address, *request, options);
  if (!result) return tl::unexpected(result.error());
  const bool failed = result->succeeded() == 0 && result->errors.all() > 0;
  const LoadReport report = ReportOf(*url, *request, options, *result);
  // A table of nothing says less than the sentence.
  if (result->completed > 0 || run.options().json || !failed) {
    Result<int> printed = run.Print(report, LoadText, WriteLoadJson, kExitFine);
    if (!printed || !failed) return printed;
  }
  return tl::unexpected(FailureOf(*url, *result));
}

}  // namespace

void AddLoad(CLI::App* root, CommandLine* line) {
  auto a = std::make_shared<LoadArguments>();
  Verb verb(
      root, line, "load", "Put load on it: how fast does it answer?",
      "  leaktrail load -n 10000 -c 20 -k http://127.0.0.1:3000/      # as ab does\n"
      "  leaktrail load -t 30 -c 50 --rate 500 localhost:3000/api     # 500 a second, come what "
      "may\n"
      "  leaktrail load -n 5000 -k --path /items=9 --path /login http://127.0.0.1:3000\n"
      "  leaktrail load -n 100 -p order.json -T application/json https://localhost:8443/orders "
      "--insecure\n");
  verb.Required("URL", &a->url, "where to, like http://127.0.0.1:3000/items")
      .Number("-n,--requests", 1, kMaxRequests, &a->requests, "so many requests (1)")
      .Number("-c,--concurrency", 1, kMaxConnections, &a->connections, "so many at a time (1)")
      .Number("-t,--time", 1, kMaxSeconds, &a->seconds,
              "at most so many seconds (3600); implies -n 50000")
      .Flag("-k,--keep-alive", &a->keep_alive, "use a connection for more than one request")
      .Text("--rate", "N", &a->rate, "so many requests a second, whether answers come or not")
      .Texts("--path", "PATH[=WEIGHT]", &a->paths, "what to ask for; may be given several times");
  AddRequestFlags(&verb, &a->request, "the body's type (text/plain)");
  verb.Texts("-C,--cookie", "NAME=VALUE", &a->cookies, "a cookie of each request")
      .Text("-A,--auth", "USER:PASSWORD", &a->credentials, "basic authentication")
      .Number("-s,--timeout", 1, kMaxSeconds, &a->timeout,
              "wait so many seconds for an answer (30)")
      .Flag("--insecure", &a->insecure, "https: take any certificate")
      .Flag("--allow-remote", &a->allow_remote, "also hosts that are not this machine")
      .Runs([a](Run& run) { return RunLoadVerb(*a, run); });
}

}  // namespace leaktrail
