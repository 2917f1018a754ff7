// leaktrail-bench-passes: times the passes of the engine one by one, each on a graph of its own.
//
//   leaktrail-bench-passes FILE [--benchmark_filter=Dominators] [--benchmark_repetitions=5]
//
// For comparing two versions of a pass; bench/run measures what a user waits for. What a pass needs
// is prepared outside the measured time.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <chrono>
#include <string>

#include "engine/session.h"

namespace leaktrail::bench {
namespace {

using Step = void (*)(Session&);

void MeasureRead(benchmark::State& state, const std::string& file) {
  for (auto _ : state) {
    auto session = Session::Open(file, {});
    if (!session) return state.SkipWithError("the file cannot be read");
    benchmark::DoNotOptimize(session->graph().node_count());
  }
}

void MeasurePass(benchmark::State& state, const std::string& file, Step prepare, Step pass) {
  for (auto _ : state) {
    auto session = Session::Open(file, {});
    if (!session) return state.SkipWithError("the file cannot be read");
    prepare(*session);
    const auto start = std::chrono::steady_clock::now();
    pass(*session);
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
    state.SetIterationTime(time.count());
  }
}

void Register(const std::string& file) {
  const Step nothing = [](Session&) {};
  const auto add = [&](const char* name, Step prepare, Step pass) {
    benchmark::RegisterBenchmark(
        name, [=](benchmark::State& state) { MeasurePass(state, file, prepare, pass); })
        ->UseManualTime()
        ->Unit(benchmark::kMillisecond);
  };
  benchmark::RegisterBenchmark("Read", [=](benchmark::State& state) { MeasureRead(state, file); })
      ->UseRealTime()
      ->Unit(benchmark::kMillisecond);
  add("Dominators", nothing, [](Session& s) { s.dominators(); });
  add("ShallowSizes", nothing, [](Session& s) { s.shallow_sizes(); });
  add(
      "RetainedSizes", [](Session& s) { s.dominators(), s.shallow_sizes(); },
      [](Session& s) { s.retained_sizes(); });
  add(
      "Classes", [](Session& s) { s.detached(); }, [](Session& s) { s.classes(); });
  add(
      "ClassSummary", [](Session& s) { s.retained_sizes(), s.classes(); },
      [](Session& s) { s.class_summary(); });
  add("Distances", nothing, [](Session& s) { s.distances(); });
  add("Retainers", nothing, [](Session& s) { s.retainers(); });
  add("AllOfSummary", nothing, [](Session& s) { s.RunSummaryPasses(); });
}

}  // namespace
}  // namespace leaktrail::bench

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (argc != 2) {
    fmt::print(stderr, "usage: leaktrail-bench-passes FILE [--benchmark_filter=NAME]\n");
    return 2;
  }
  leaktrail::bench::Register(argv[1]);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
