#include "capture/snapshot.h"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <mutex>
#include <nlohmann/json.hpp>
#include <vector>

#include "capture/forked_child.h"
#include "capture/memory_guard.h"
#include "capture/text_pipeline.h"

namespace leaktrail {
namespace {

using Json = nlohmann::json;
using Clock = std::chrono::steady_clock;

constexpr double kTimeoutFactor = 20;  // a loaded machine, a child of the lowest priority
constexpr std::chrono::seconds kMinTimeout{120};
constexpr size_t kReadBytes = size_t{1} << 20;
constexpr int kFirstVersionWithLastingIds = 18;

// The same for every snapshot of one heap, and for no other one.
constexpr const char* kWho = R"js((() => {
  const threads = (() => { try { return require('worker_threads'); } catch (e) { } })();
  const worker = threads && !threads.isMainThread ? ' worker ' + threads.threadId : '';
  const began = require('perf_hooks').performance.timeOrigin;
  return require('os').hostname() + ' ' + process.pid + ' ' + Math.round(began) + worker;
})())js";

double Milliseconds(Clock::duration d) {
  return std::chrono::duration<double, std::milli>(d).count();
}

std::string UtcNow() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc)};
}

int MajorVersion(const std::string& version) { return std::atoi(version.c_str()); }

Result<void> CheckOptions(const SnapshotOptions& options) {
  if (options.path.empty())
    return Fail(ErrorKind::kUsage, "a snapshot needs a file; name it with -o");
  return {};
}

// What an attempt needs to know.
struct Plan {
  const SnapshotOptions& options;
  CaptureNote note;
  uint64_t expected_bytes = 0;
  std::chrono::milliseconds timeout{0};
};

void Keep(const TextPipeline& pipeline, SnapshotTaken* taken) {
  taken->text_bytes = pipeline.text_bytes();
  taken->file_bytes = pipeline.file_bytes();
  taken->node_count = pipeline.node_count();
  taken->edge_count = pipeline.edge_count();
}

// The child's text, or why there is none. `end` tells how the child ended, if it got that far.
Result<void> TryFork(Attachment& target, const Plan& plan, SnapshotTaken* taken,
                     std::optional<ChildEnd>* end) {
  Result<std::unique_ptr<TextPipeline>> pipeline = TextPipeline::Create(
      plan.options.path, plan.note, plan.expected_bytes, plan.options.progress);
  if (!pipeline) return tl::unexpected(pipeline.error());
  ForkedChildOptions fork;
  fork.session = plan.options.session;
  fork.timeout = std::chrono::ceil<std::chrono::seconds>(plan.timeout);
  fork.cancel = plan.options.cancel;
  Result<std::unique_ptr<ForkedChild>> child = ForkedChild::Create(target, fork);
  if (!child) return tl::unexpected(child.error());
  if (Result<void> started = (*child)->Start(); !started) return started;
  if (plan.options.progress != nullptr) {
    plan.options.progress->Report("the forked child reads the heap", 0, 0);
  }
  std::vector<char> buffer(kReadBytes);
  MemoryGuard guard(target.process().pid);
  for (bool ended = false; !ended;) {
    Result<size_t> n = (*child)->Read(buffer, &ended);
    if (!n) return tl::unexpected(n.error());
    if (const std::optional<std::string> danger = guard.Look()) {
      (*child)->Kill();
      static_cast<void>((*child)->End());
      return Fail(ErrorKind::kEnvironment,
                  fmt::format("the forked child was ended before it filled the memory: {}; the "
                              "service was not touched; leaktrail snapshot --dry-run tells what "
                              "it needs",
                              *danger));
    }
    if (*n == 0) continue;
    if (Result<void> done = (*pipeline)->Write(std::span(buffer).first(*n)); !done) return done;
  }
  Result<ChildEnd> how = (*child)->End();
  if (!how) return tl::unexpected(how.error());
  *end = *how;
  taken->pause_ms = how->pause_ms;
  taken->child_peak_bytes = how->peak_bytes;
  if (!how->good()) return Fail(ErrorKind::kEnvironment, how->Reason());
  if (Result<void> done = (*pipeline)->Finish(); !done) return done;
  Keep(**pipeline, taken);
  return {};
}

Result<void> TakeByFork(Attachment& target, const Plan& plan, SnapshotTaken* taken) {
  for (uint32_t attempt = 1;; ++attempt) {
    taken->attempts = attempt;
    std::optional<ChildEnd> end;
    Result<void> done = TryFork(target, plan, taken, &end);
    if (done) return done;
    if (!end || !end->worth_another_try()) {
      if (!end) return done;
      return Fail(ErrorKind::kEnvironment,
                  fmt::format("the forked child did not write the snapshot: {}; the service was "
                              "not touched{}",
                              end->Reason(),
                              end->code == 79 ? ""
                                              : "; leaktrail snapshot --dry-run tells what "
                                                "it needs"));
    }
    if (attempt >= plan.options.attempts) {
      return Fail(ErrorKind::kEnvironment,
                  fmt::format("the forked child failed {} times, the last time because {}; try "
                              "when the service is less busy, or take --pause",
                              attempt, end->Reason()));
    }
  }
}

Result<void> TakeByInspector(Attachment& target, const Plan& plan, SnapshotTaken* taken) {
  Result<std::unique_ptr<TextPipeline>> pipeline = TextPipeline::Create(
      plan.options.path, plan.note, plan.expected_bytes, plan.options.progress);
  if (!pipeline) return tl::unexpected(pipeline.error());
  Inspector& inspector = target.inspector();
  std::mutex mutex;  // events come on the client's thread
  Result<void> written;
  if (plan.options.progress != nullptr) {
    plan.options.progress->Report("the service reads its heap and stands still", 0, 0);
  }
  inspector.OnEvent("HeapProfiler.addHeapSnapshotChunk", [&](const InspectorEvent& event) {
    if (event.session != plan.options.session) return;
    const auto chunk = event.params.find("chunk");
    if (chunk == event.params.end() || !chunk->is_string()) return;
    const std::lock_guard lock(mutex);
    if (written) written = (*pipeline)->Write(chunk->get_ref<const std::string&>());
  });
  // HeapProfiler.enable is not called: disabling it, as the end of the connection does, makes V8
  // forget the ids that it has given to objects.
  CallOptions call;
  call.session = plan.options.session;
  call.timeout = plan.timeout;
  const Clock::time_point begin = Clock::now();
  Result<Json> taking =
      inspector.Call("HeapProfiler.takeHeapSnapshot", Json{{"reportProgress", false}}, call);
  taken->pause_ms = Milliseconds(Clock::now() - begin);
  inspector.OnEvent("HeapProfiler.addHeapSnapshotChunk", {});
  if (!taking) return tl::unexpected(taking.error());
  const std::lock_guard lock(mutex);
  if (!written) return written;
  if (Result<void> done = (*pipeline)->Finish(); !done) return done;
  Keep(**pipeline, taken);
  return {};
}

Result<void> Refusal(const Preflight& preflight) {
  std::string all;
  for (const std::string& refusal : preflight.refusals) {
    all += (all.empty() ? "" : "; ") + refusal;
  }
  return Fail(ErrorKind::kEnvironment, all);
}

}  // namespace

Result<SnapshotTaken> TakeSnapshot(Attachment& target, const SnapshotOptions& options) {
  if (Result<void> good = CheckOptions(options); !good) return tl::unexpected(good.error());
  Result<Preflight> preflight = RunPreflight(target, options.session, options.method, options.path);
  if (!preflight) return tl::unexpected(preflight.error());
  if (!preflight->allowed() && !options.ignore_preflight) {
    return tl::unexpected(Refusal(*preflight).error());
  }
  CallOptions who_call;
  who_call.session = options.session;
  Result<Json> who = target.inspector().Evaluate(kWho, who_call);
  if (!who) return tl::unexpected(who.error());

  SnapshotTaken taken;
  taken.path = options.path;
  taken.method = options.method;
  taken.process = who->is_string() ? who->get<std::string>() : "";
  taken.time = UtcNow();
  taken.node_ids_comparable = options.method == SnapshotMethod::kInspector &&
                              MajorVersion(target.node_version()) >= kFirstVersionWithLastingIds;
  taken.redacted = options.redact;
  taken.preflight = *preflight;

  Plan plan{options, {}, preflight->cost.file_bytes, options.timeout};
  plan.note.method = SnapshotMethodName(options.method);
  plan.note.process = taken.process;
  plan.note.time = taken.time;
  plan.note.node_ids_comparable = taken.node_ids_comparable;
  plan.note.redacted = options.redact;
  if (plan.timeout.count() == 0) {
    plan.timeout = std::max<std::chrono::milliseconds>(
        kMinTimeout, std::chrono::milliseconds(
                         static_cast<int64_t>(kTimeoutFactor * preflight->cost.duration_ms)));
  }
  const Clock::time_point begin = Clock::now();
  Result<void> done = options.method == SnapshotMethod::kFork
                          ? TakeByFork(target, plan, &taken)
                          : TakeByInspector(target, plan, &taken);
  if (!done) return tl::unexpected(done.error());
  taken.duration_ms = Milliseconds(Clock::now() - begin);
  return taken;
}

}  // namespace leaktrail
