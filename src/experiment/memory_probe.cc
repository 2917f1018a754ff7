#include "experiment/memory_probe.h"

#include <nlohmann/json.hpp>
#include <thread>

namespace leaktrail {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using Json = nlohmann::json;

constexpr milliseconds kLook{30};
// So many looks in a row that found no less than before: nothing ends any more.
constexpr int kQuietLooks = 3;
constexpr milliseconds kCollectTimeout{60'000};

// Requests, sockets and timers that keep the event loop busy. Node 17.3 and newer count timers too.
constexpr std::string_view kPending =
    "(typeof process.getActiveResourcesInfo === 'function' ? "
    "process.getActiveResourcesInfo().length :"
    " process._getActiveHandles().length + process._getActiveRequests().length)";
constexpr std::string_view kUsage =
    "(() => { const m = process.memoryUsage(); return { heapUsed: m.heapUsed, external: m.external,"
    " arrayBuffers: m.arrayBuffers || 0, rss: m.rss, heapTotal: m.heapTotal,"
    " limit: require('v8').getHeapStatistics().heap_size_limit }; })()";

double Number(const Json& object, const char* key) {
  const auto it = object.find(key);
  return it != object.end() && it->is_number() ? it->get<double>() : 0;
}

}  // namespace

Result<void> MemoryProbe::Settle(const SettleOptions& options) {
  const Clock::time_point begin = Clock::now();
  double least = -1;
  int quiet = 0;
  for (;;) {
    if (options.cancel != nullptr && options.cancel->cancelled()) {
      return Fail(ErrorKind::kInterrupted, "interrupted");
    }
    Result<Json> pending = inspector_.Evaluate(kPending);
    if (!pending) return tl::unexpected(pending.error());
    const double count = pending->is_number() ? pending->get<double>() : 0;
    const bool is_less = least < 0 || count < least;
    if (is_less) least = count;
    quiet = is_less ? 0 : quiet + 1;
    const Clock::duration waited = Clock::now() - begin;
    if (waited >= options.at_most) return {};
    if (waited >= options.at_least && quiet >= kQuietLooks) return {};
    std::this_thread::sleep_for(kLook);
  }
}

Result<void> MemoryProbe::Collect() {
  for (int i = 0; i < 2; ++i) {
    Result<Json> answer =
        inspector_.Call("HeapProfiler.collectGarbage", Json::object(), {kCollectTimeout, {}});
    if (!answer) return tl::unexpected(answer.error());
  }
  return {};
}

Result<MemoryReading> MemoryProbe::Read() {
  Result<Json> usage = inspector_.Evaluate(kUsage);
  if (!usage) return tl::unexpected(usage.error());
  if (!usage->is_object()) {
    return Fail(ErrorKind::kEnvironment,
                "the process does not tell its memory: process.memoryUsage() gave no object");
  }
  MemoryReading reading;
  reading.heap_used = Number(*usage, "heapUsed");
  reading.heap_limit = Number(*usage, "limit");
  reading.external = Number(*usage, "external");
  reading.array_buffers = Number(*usage, "arrayBuffers");
  reading.resident = Number(*usage, "rss");
  reading.heap_total = Number(*usage, "heapTotal");
  reading.split = ReadResidentSplit(pid_);
  return reading;
}

Result<MemoryReading> MemoryProbe::Measure() {
  const Clock::time_point begin = Clock::now();
  if (Result<void> collected = Collect(); !collected) return tl::unexpected(collected.error());
  const double took = std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
  Result<MemoryReading> reading = Read();
  if (reading) reading->collect_ms = took;
  return reading;
}

}  // namespace leaktrail
