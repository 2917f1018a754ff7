// Does the verdict keep its bound? Traces with a known truth through SequentialVerdict.
//
//   leaktrail-bench-verdict [--traces N] [--rounds N] [--seed N] [--pairs N] [--update docs/verdict.md]
//
// Prints three Markdown tables: how often each verdict was given for each kind of trace, and after
// how many samples; how often a slow leak below a saw is taken for flat; and what verify says of
// pairs of arms. --update puts them between the markers of the file. The seed is fixed unless it is
// given: the same program prints the same tables. As many pairs as traces unless --pairs says less;
// with 0 that table is left out.
#include <fmt/format.h>
#include <malloc.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>

#include "arms.h"
#include "traces.h"

namespace {

using namespace leaktrail;

constexpr double kRoundUnits = 10000;
// "Leak" is not said before this part of the load is done.
constexpr double kLoadPart = 0.75;
constexpr const char* kBegin = "<!-- simulation: begin -->\n";
constexpr const char* kEnd = "<!-- simulation: end -->\n";

struct Arguments {
  uint32_t traces = 10000, rounds = 40;
  std::optional<uint32_t> pairs;
  uint64_t seed = 20240501;
  std::string update;
};

struct Tally {
  uint32_t leak = 0, no_leak = 0, inconclusive = 0;
  uint32_t without_forecast = 0;  // inconclusive, and nothing said what would settle it
  double samples = 0;             // until the verdict, summed
};

// `kind` is a TraceKind or a LeakUnderChurn.
template <typename Kind>
Tally Simulate(const Kind& kind, uint64_t seed, const Arguments& arguments,
               const GrowthOptions& options) {
  Tally tally;
  TraceRandom random(seed);
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
    const Tally tally =
        Simulate(kind, arguments.seed + static_cast<uint64_t>(kind), arguments, options);
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

// Slopes near the relevant growth, 16 bytes per request, below saws of several sizes.
std::string SlowLeakTable(const Arguments& arguments, const GrowthOptions& options) {
  std::string out =
      "\nSlow leaks below a saw, as many traces of each.\n\n"
      "| growth per request | saw | `leak` | `no-leak` | `inconclusive` | samples, mean |\n"
      "| ---: | ---: | ---: | ---: | ---: | ---: |\n";
  uint64_t seed = arguments.seed + std::size(kTraceKinds);
  for (const double slope : {20.0, 24.0, 30.0}) {
    for (const double churn : {1e6, 2e6, 5e6, 10e6}) {
      const Tally tally = Simulate(LeakUnderChurn{slope, churn}, seed++, arguments, options);
      const double n = arguments.traces / 100.0;
      out += fmt::format("| {:.0f} B | {:.0f} MB | {:.2f} % | {:.2f} % | {:.2f} % | {:.1f} |\n",
                         slope, churn / 1e6, tally.leak / n, tally.no_leak / n,
                         tally.inconclusive / n, tally.samples / arguments.traces);
    }
  }
  return out;
}

constexpr uint32_t kComparisons = 5;
constexpr ArmPair kArmPairs[] = {
    {"flat, and flat", {0, 0}, {0, 0}},
    {"flat below a saw of 5 MB, twice", {0, 5e6}, {0, 5e6}},
    {"a leak of 100 B, and the same", {100, 0}, {100, 0}},
    {"100 B below a saw of 5 MB, and the same", {100, 5e6}, {100, 5e6}},
    {"100 B, and flat", {100, 0}, {0, 0}},
    {"100 B, and flat, both below a saw of 5 MB", {100, 5e6}, {0, 5e6}},
    {"24 B, and flat", {24, 0}, {0, 0}},
    {"24 B, and flat, both below a saw of 5 MB", {24, 5e6}, {0, 5e6}},
    {"560 B, and 460 B", {560, 0}, {460, 0}},
    {"200 B, and 100 B", {200, 0}, {100, 0}}};

std::string ArmsTable(const Arguments& arguments) {
  const uint32_t pairs = arguments.pairs.value_or(arguments.traces);
  if (pairs == 0) return "";
  std::string out = fmt::format(
      "\nPairs of arms as `verify` runs them, {} of each: {} hypotheses share a bound of 1 %, arms "
      "stop\nwhen their own verdict is safe and after 14 rounds at least. The last column is how "
      "often the true\ndifference lies outside of the interval; {:.1f} % are allowed.\n\n"
      "| as it is, and with the change | `cause` | `part` | `not-cause` | `brings-in` | "
      "`inconclusive` | rounds, mean | outside |\n"
      "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n",
      pairs, kComparisons, 1.0 / kComparisons);
  uint64_t seed = arguments.seed + 1000;
  for (const ArmPair& pair : kArmPairs) {
    const ArmTally tally = SimulateArms(pair, pairs, kComparisons, seed++);
    const double n = pairs / 100.0;
    out += fmt::format(
        "| {} | {:.2f} % | {:.2f} % | {:.2f} % | {:.2f} % | {:.2f} % | {:.1f} | {:.2f} % |\n",
        pair.name, tally.confirmed / n, tally.part / n, tally.not_cause / n, tally.brings_in / n,
        tally.inconclusive / n, tally.rounds / pairs / 2, tally.outside / n);
    if (tally.unbounded > 0) {
      fmt::print(stderr, "{}: {} without an interval\n", pair.name, tally.unbounded);
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
  for (int i = 1; i < argc; i += 2) {
    const std::string_view flag = argv[i];
    const char* const value = i + 1 < argc ? argv[i + 1] : nullptr;
    if (value != nullptr && flag == "--traces") {
      arguments.traces = static_cast<uint32_t>(std::atoi(value));
    } else if (value != nullptr && flag == "--rounds") {
      arguments.rounds = static_cast<uint32_t>(std::atoi(value));
    } else if (value != nullptr && flag == "--seed") {
      arguments.seed = static_cast<uint64_t>(std::atoll(value));
    } else if (value != nullptr && flag == "--pairs") {
      arguments.pairs = static_cast<uint32_t>(std::atoi(value));
    } else if (value != nullptr && flag == "--update") {
      arguments.update = value;
    } else {
      fmt::print(stderr,
                 "usage: leaktrail-bench-verdict [--traces N] [--pairs N] [--rounds N] [--seed N] "
                 "[--update docs/verdict.md]    (about nine minutes)\n");
      return 2;
    }
  }
  // Each round's histogram of latencies is large enough for a mapping of its own otherwise.
  mallopt(M_MMAP_THRESHOLD, 256 << 20);
  mallopt(M_TRIM_THRESHOLD, 256 << 20);
  GrowthOptions options;
  options.min_units = kLoadPart * arguments.rounds * kRoundUnits;
  const std::string table =
      Table(arguments, options) + SlowLeakTable(arguments, options) + ArmsTable(arguments);
  std::fputs(table.c_str(), stdout);
  return arguments.update.empty() ? 0 : Update(arguments.update, table);
}
