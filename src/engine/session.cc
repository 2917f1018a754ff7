#include "engine/session.h"

#include <chrono>
#include <cstdio>
#include <cstring>
#include <exception>
#include <functional>
#include <thread>

#include "base/parallel.h"

namespace leaktrail {
namespace {

// Anonymous resident memory of this process; 0 where the system does not tell.
uint64_t AnonymousBytes() {
  uint64_t kilobytes = 0;
#ifdef __linux__
  if (FILE* f = std::fopen("/proc/self/status", "r")) {
    char line[256];
    while (std::fgets(line, sizeof line, f) != nullptr) {
      unsigned long long v = 0;
      if (std::sscanf(line, "RssAnon: %llu kB", &v) == 1) kilobytes = v;
    }
    std::fclose(f);
  }
#endif
  return kilobytes * 1024;
}

}  // namespace

struct Session::State {
  std::string path;
  unsigned threads = 1;
  const CancelToken* cancel = nullptr;
  std::optional<HeapGraph> graph;
  std::optional<DetachedNodes> detached;
  std::optional<ShallowSizes> shallow;
  std::optional<Array<uint8_t>> marks;  // until the dominators are made of them
  std::optional<DominatorTree> dominators;
  std::optional<Array<uint64_t>> retained;
  std::optional<Array<int32_t>> distances;
  std::optional<PlainObjects> plain_objects;
  std::optional<ClassTable> classes;
  std::optional<std::vector<ClassRow>> summary;
  std::optional<HeapStatistics> statistics;
  std::optional<RetainerIndex> retainers;
  std::vector<PassTime> times;

  // Threads for a pass over the nodes; in a small graph one more would not pay.
  unsigned workers() const { return graph->node_count() < 100'000 ? 1 : threads; }
  // Runs the first step of the dominators, unless it has been.
  void NoteMarks() {
    Once<Array<uint8_t>>(marks, "marks", "which nodes have one retainer or very many",
                         [&] { return MarkNodesForDominators(*graph, workers()); });
  }
  Array<uint8_t> TakeMarks() {
    NoteMarks();
    Array<uint8_t> taken = std::move(*marks);
    marks.reset();
    return taken;
  }
  // Runs one pass, once, and keeps its time. `cell` holds the result.
  template <typename T>
  const T& Once(std::optional<T>& cell, const char* pass, const char* reason,
                const std::function<T()>& compute) {
    if (!cell) {
      const auto begin = std::chrono::steady_clock::now();
      cell.emplace(compute());
      Note(pass, reason, begin);
    }
    return *cell;
  }
  // Runs one pass on a thread of its own while `rest` runs passes here.
  template <typename T>
  void Beside(std::optional<T>& cell, const char* pass, const char* reason,
              const std::function<T()>& compute, const std::function<void()>& rest) {
    const auto begin = std::chrono::steady_clock::now();
    std::chrono::steady_clock::time_point end;
    std::exception_ptr error;
    std::thread worker([&] {
      try {
        cell.emplace(compute());
      } catch (...) {
        error = std::current_exception();
      }
      end = std::chrono::steady_clock::now();
    });
    try {
      rest();
    } catch (...) {
      worker.join();
      throw;
    }
    worker.join();
    if (error) std::rethrow_exception(error);
    const std::chrono::duration<double, std::milli> took = end - begin;
    times.push_back({pass, reason, took.count(), AnonymousBytes()});
  }
  void Note(const char* pass, const char* reason, std::chrono::steady_clock::time_point begin) {
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
    times.push_back({pass, reason, took.count(), AnonymousBytes()});
  }
};

Session::Session(std::unique_ptr<State> state) : state_(std::move(state)) {}
Session::~Session() = default;
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;

Result<Session> Session::Open(const std::string& path, const ReadOptions& options) {
  const auto begin = std::chrono::steady_clock::now();
  Result<HeapGraph> graph = ReadSnapshotFile(path, options);
  if (!graph) return tl::unexpected(graph.error());
  auto state = std::make_unique<State>();
  state->path = path;
  state->threads = options.threads > 0 ? options.threads : HardwareThreads();
  state->cancel = options.cancel;
  state->graph.emplace(std::move(*graph));
  state->Note("read", "everything starts from the file", begin);
  return Session(std::move(state));
}

Session Session::FromGraph(HeapGraph graph) {
  auto state = std::make_unique<State>();
  state->graph.emplace(std::move(graph));
  return Session(std::move(state));
}

const std::string& Session::path() const { return state_->path; }
const HeapGraph& Session::graph() const { return *state_->graph; }
unsigned Session::threads() const { return state_->threads; }
const std::vector<PassTime>& Session::pass_times() const { return state_->times; }

// The list of passes, in the order in which they can run. Each only needs those above it.

const DetachedNodes& Session::detached() {
  return state_->Once<DetachedNodes>(state_->detached, "detached",
                                     "names of detached native nodes, before classes",
                                     [&] { return FindDetachedNodes(graph()); });
}

const ShallowSizes& Session::shallow_sizes() {
  return state_->Once<ShallowSizes>(state_->shallow, "shallow sizes",
                                    "bytes of backing stores go to their owners",
                                    [&] { return ComputeShallowSizes(graph()); });
}

const DominatorTree& Session::dominators() {
  state_->Once<DominatorTree>(
      state_->dominators, "dominators", "what would be freed with a node",
      [&] { return ComputeDominatorOrder(graph(), state_->workers(), state_->TakeMarks()); });
  FillImmediateDominators(*state_->dominators);
  return *state_->dominators;
}

const Array<uint64_t>& Session::retained_sizes() {
  const DominatorTree& tree = dominators();
  const ShallowSizes& sizes = shallow_sizes();
  return state_->Once<Array<uint64_t>>(state_->retained, "retained sizes",
                                       "shallow sizes summed up the dominator tree",
                                       [&] { return ComputeRetainedSizes(graph(), tree, sizes); });
}

const Array<int32_t>& Session::distances() {
  return state_->Once<Array<int32_t>>(state_->distances, "distances",
                                      "nearest retainers first, shortest paths",
                                      [&] { return ComputeDistances(graph()); });
}

const PlainObjects& Session::plain_objects() {
  return state_->Once<PlainObjects>(state_->plain_objects, "plain objects",
                                    "their properties say what to call them",
                                    [&] { return FindPlainObjects(graph()); });
}

const ClassTable& Session::classes() {
  if (state_->classes) return *state_->classes;
  plain_objects();
  const DetachedNodes& names = detached();
  const ClassTable& table =
      state_->Once<ClassTable>(state_->classes, "classes", "what instances are grouped by",
                               [&] { return ComputeClasses(graph(), names, plain_objects()); });
  state_->plain_objects.reset();
  return table;
}

const std::vector<ClassRow>& Session::class_summary() {
  const ClassTable& table = classes();
  const ShallowSizes& sizes = shallow_sizes();
  if (!state_->dominators) dominators();
  return state_->Once<std::vector<ClassRow>>(
      state_->summary, "class summary", "count and sizes of each class", [&] {
        return ComputeClassSummary(graph(), table, sizes, *state_->dominators, state_->workers());
      });
}

const HeapStatistics& Session::statistics() {
  const ShallowSizes& sizes = shallow_sizes();
  return state_->Once<HeapStatistics>(state_->statistics, "statistics", "bytes by kind of memory",
                                      [&] { return ComputeStatistics(graph(), sizes); });
}

const RetainerIndex& Session::retainers() {
  return state_->Once<RetainerIndex>(state_->retainers, "retainers", "edges turned round",
                                     [&] { return RetainerIndex(graph()); });
}

void Session::RunSummaryPasses(const std::function<void()>& beside) {
  // Dominators do not keep all cores busy, but for their first step, and need nothing of the others'
  // results, so they run beside all that needs none of theirs. Classes come first: their tables are gone by the time
  // that the walk for dominators takes most memory.
  if (threads() > 1 && !state_->dominators) {
    state_->NoteMarks();
    state_->Beside<DominatorTree>(
        state_->dominators, "dominators", "what would be freed with a node",
        [&] { return ComputeDominatorOrder(graph(), state_->workers(), state_->TakeMarks()); },
        [&] {
          classes();
          shallow_sizes();
          statistics();
          if (beside) beside();
        });
  } else if (beside) {
    classes();
    beside();
  }
  class_summary();
}

}  // namespace leaktrail
