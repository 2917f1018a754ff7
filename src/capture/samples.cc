#include "capture/samples.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

#include "capture/proc_files.h"

namespace leaktrail {
namespace {

using Json = nlohmann::json;

// An entry's kind is in `kind` up to Node 14 and in `detail` from 16 on; the number of a major
// collection changed with 18, so it is asked for. The histogram exists from 11.10 on.
constexpr std::string_view kInstall = R"js((function () {
  'use strict';
  const guest = globalThis[Symbol.for('leaktrail.guest')];
  if (!guest) return false;
  if (guest.sample) return true;
  const hooks = require('perf_hooks'), v8 = require('v8');
  const MAJOR = hooks.constants.NODE_PERFORMANCE_GC_MAJOR;
  const MINOR = hooks.constants.NODE_PERFORMANCE_GC_MINOR;
  let majors = [], minors = 0, turn = 0, everyTenth = false, handles = null, timers = null;
  const now = () => Number(process.hrtime.bigint()) / 1e6;
  const observer = new hooks.PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const kind = entry.detail && entry.detail.kind !== undefined ? entry.detail.kind : entry.kind;
      if (kind === MINOR) minors++;
      if (kind !== MAJOR || majors.length >= 100) continue;
      const memory = process.memoryUsage();
      majors.push([Date.now() / 1000, entry.duration, memory.heapUsed, memory.external]);
    }
  });
  observer.observe({entryTypes: ['gc']});
  const delay = hooks.monitorEventLoopDelay({resolution: 20});
  delay.enable();
  const count = () => {
    if (everyTenth && turn++ % 10 !== 0) return;
    const begin = now();
    if (process.getActiveResourcesInfo) {
      timers = 0;
      handles = 0;
      for (const kind of process.getActiveResourcesInfo()) {
        if (kind === 'Timeout' || kind === 'Immediate') timers++; else handles++;
      }
    } else if (process._getActiveHandles) {
      handles = process._getActiveHandles().length;
    }
    everyTenth = now() - begin > 0.5;
  };
  guest.sample = () => {
    const begin = now();
    count();
    const memory = process.memoryUsage(), heap = v8.getHeapStatistics();
    const out = {at: Date.now() / 1000, uptime: process.uptime(), rss: memory.rss, used: memory.heapUsed,
      total: memory.heapTotal, limit: heap.heap_size_limit, external: memory.external,
      buffers: memory.arrayBuffers || 0, malloced: heap.malloced_memory,
      detached: heap.number_of_detached_contexts || 0, handles: handles, timers: timers,
      mean: delay.mean / 1e6, max: delay.max / 1e6, minors: minors, majors: majors, cost: 0};
    delay.reset();
    majors = [];
    minors = 0;
    out.cost = now() - begin;
    return out;
  };
  guest.atLeave('samples', () => {
    observer.disconnect();
    delay.disable();
    delete guest.sample;
  });
  return true;
})())js";

// The timer behind the histogram has this resolution, and counts it as delay.
constexpr double kDelayResolutionMs = 20;
constexpr double kSplitSeconds = 10;

uint64_t Bytes(const Json& object, const char* key) {
  const auto it = object.find(key);
  return it != object.end() && it->is_number() && it->get<double>() > 0
             ? static_cast<uint64_t>(it->get<double>())
             : 0;
}

double Number(const Json& object, const char* key) {
  const auto it = object.find(key);
  return it != object.end() && it->is_number() ? it->get<double>() : 0;
}

std::optional<uint64_t> Count(const Json& object, const char* key) {
  const auto it = object.find(key);
  if (it == object.end() || !it->is_number()) return std::nullopt;
  return it->get<uint64_t>();
}

MemorySample SampleOf(const Json& said) {
  MemorySample sample;
  sample.at = Number(said, "at");
  sample.uptime_seconds = Number(said, "uptime");
  sample.resident_bytes = Bytes(said, "rss");
  sample.heap_used_bytes = Bytes(said, "used");
  sample.heap_total_bytes = Bytes(said, "total");
  sample.heap_limit_bytes = Bytes(said, "limit");
  sample.external_bytes = Bytes(said, "external");
  sample.array_buffer_bytes = Bytes(said, "buffers");
  sample.malloced_bytes = Bytes(said, "malloced");
  sample.detached_contexts = Bytes(said, "detached");
  sample.handles = Count(said, "handles");
  sample.timers = Count(said, "timers");
  sample.delay_mean_ms = std::max(0.0, Number(said, "mean") - kDelayResolutionMs);
  sample.delay_max_ms = std::max(0.0, Number(said, "max") - kDelayResolutionMs);
  sample.minor_collections = Bytes(said, "minors");
  sample.cost_ms = Number(said, "cost");
  const auto majors = said.find("majors");
  if (majors == said.end() || !majors->is_array()) return sample;
  for (const Json& m : *majors) {
    if (!m.is_array() || m.size() != 4) continue;
    sample.major_collections.push_back({m[0].get<double>(), m[1].get<double>(),
                                        static_cast<uint64_t>(m[2].get<double>()),
                                        static_cast<uint64_t>(m[3].get<double>())});
  }
  return sample;
}

}  // namespace

void Sampler::AddFromProc(MemorySample* sample) {
  const ProcessId pid = target_.process().pid;
  if (const std::optional<ProcessStat> stat = ReadStat(pid)) {
    sample->resident_bytes = stat->resident_bytes;
    sample->cpu_seconds =
        static_cast<double>(stat->cpu_ticks) / static_cast<double>(sysconf(_SC_CLK_TCK));
  }
  if (sample->at - split_at_ >= kSplitSeconds) {
    split_ = ReadResidentSplit(pid);
    split_at_ = sample->at;
  }
  sample->split = split_;
}

Result<void> Sampler::Install() {
  const Result<Json> installed = target_.inspector().Evaluate(kInstall);
  if (!installed) return tl::unexpected(installed.error());
  if (!installed->is_boolean() || !installed->get<bool>()) {
    return Fail(ErrorKind::kEnvironment, "what we had in the target is gone; attach again");
  }
  return {};
}

Result<MemorySample> Sampler::Take() {
  // Without the command line API, which takes longer to put up than a sample takes.
  const std::string expression = fmt::format("{0} && {0}.sample ? {0}.sample() : null", kGuest);
  for (int attempt = 0; attempt < 2; ++attempt) {
    const Result<Json> answer = target_.inspector().Call(
        "Runtime.evaluate", {{"expression", expression}, {"returnByValue", true}});
    if (!answer) return tl::unexpected(answer.error());
    const Json::json_pointer path("/result/value");
    if (answer->contains(path) && answer->at(path).is_object()) {
      MemorySample sample = SampleOf(answer->at(path));
      if (target_.process().pid != 0) AddFromProc(&sample);
      return sample;
    }
    // The first time, and when the guest left because we were stopped for too long.
    if (Result<void> installed = Install(); !installed) return tl::unexpected(installed.error());
  }
  return Fail(ErrorKind::kEnvironment, "the target does not answer with a sample");
}

}  // namespace leaktrail
