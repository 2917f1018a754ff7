// Does the verdict keep its bound? Traces with a known truth through SequentialVerdict.
//
//   leaktrail-bench-verdict [--traces N] [--rounds N] [--update docs/verdict.md]
//
// Prints a Markdown table: how often each verdict was given for each kind of trace, and after how
// many samples. --update puts it between the markers of the file. The seed is fixed: the same
// program prints the same table.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "traces.h"

namespace {

using namespace leaktrail;

constexpr uint64_t kSeed = 20240501;
constexpr double kRoundUnits = 10000;
// "Leak" is not said before this part of the load is done.
constexpr double kLoadPart = 0.75;
constexpr const char* kBegin = "<!-- simulation: begin -->\n";
constexpr const char* kEnd = "<!-- simulation: end -->\n";

struct Arguments {
  uint32_t traces = 10000, rounds = 40;
  std::string update;
};

struct Tally {
  uint32_t leak = 0, no_leak = 0, inconclusive = 0;
  uint32_t without_forecast = 0;  // inconclusive, and nothing said what would settle it
  uint32_t covered = 0;           // a leak whose true slope is in the interval
  double samples = 0;             // until the verdict, summed
};

Tally Simulate(TraceKind kind, const Arguments& arguments, const GrowthOptions& options) {
  Tally tally;
  TraceRandom random(kSeed + static_cast<uint64_t>(kind));
  for (uint32_t t = 0; t < arguments.traces; ++t) {
    SequentialVerdict verdict(options);
    for (const GrowthSample& sample : MakeTrace(kind, arguments.rounds, kRoundUnits, &random)) {
      if (verdict.Add(sample).outcome != GrowthOutcome::kGoOn) break;
    }
    const GrowthVerdict last = verdict.Finish();
    tally.samples += last.sample_count;
    tally.leak += last.outcome == GrowthOutcome::kLeak;
    tally.no_leak += last.outcome == GrowthOutcome::kNoLeak;
    if (last.outcome == GrowthOutcome::kInconclusive) {
      ++tally.inconclusive;
      tally.without_forecast += !last.units_to_settle;
    }
  }
  return tally;
}

std::string Table(const Arguments& arguments, const GrowthOptions& options) {
  std::string out = fmt::format(
      "{} traces of each kind, at most {} rounds of 5,000 to 15,000 requests, false-alarm bound "
      "{:.0f} %.\n\n"
      "| trace | drawn at random | truth | `leak` | `no-leak` | `inconclusive` | samples, mean |\n"
      "| --- | --- | --- | ---: | ---: | ---: | ---: |\n",
      arguments.traces, arguments.rounds, options.false_alarm_bound * 100);
  for (const TraceKind kind : kTraceKinds) {
    const Tally tally = Simulate(kind, arguments, options);
    const double n = arguments.traces / 100.0;
    out +=
        fmt::format("| {} | {} | {} | {:.2f} % | {:.2f} % | {:.2f} % | {:.1f} |\n", TraceName(kind),
                    TraceDescription(kind), IsLeak(kind) ? "leak" : "no leak", tally.leak / n,
                    tally.no_leak / n, tally.inconclusive / n, tally.samples / arguments.traces);
    if (tally.without_forecast > 0) {
      fmt::print(stderr, "{}: {} inconclusive without a forecast\n", TraceName(kind),
                 tally.without_forecast);
    }
  }
  return out;
}

int Update(const std::string& path, const std::string& table) {
  std::ifstream in(path);
  const std::string text((std::istreambuf_iterator<char>(in)), {});
  const size_t begin = text.find(kBegin), end = text.find(kEnd);
  if (begin == std::string::npos || end == std::string::npos) {
    fmt::print(stderr, "leaktrail-bench-verdict: {} has no markers for the table\n", path);
    return 2;
  }
  std::ofstream out(path);
  out << text.substr(0, begin) << kBegin << table << text.substr(end);
  return out ? 0 : 4;
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string flag = argv[i];
    if (flag == "--traces") arguments.traces = static_cast<uint32_t>(std::atoi(argv[i + 1]));
    if (flag == "--rounds") arguments.rounds = static_cast<uint32_t>(std::atoi(argv[i + 1]));
    if (flag == "--update") arguments.update = argv[i + 1];
  }
  GrowthOptions options;
  options.min_units = kLoadPart * arguments.rounds * kRoundUnits;
  const std::string table = Table(arguments, options);
  std::fputs(table.c_str(), stdout);
  return arguments.update.empty() ? 0 : Update(arguments.update, table);
}
