// The verdict on a series, and on the difference of two, as text.
//
//   leaktrail-trace-to-verdict MIN_UNITS TRACE [CHANGED]
//
// A trace has a sample a line, units and bytes; what is behind # is a comment. The series goes
// through the sequential verdict with the bound and the looks that find has, until it is safe; a
// second one also, and then both are compared at a level of 1 %.
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "experiment/rounds.h"
#include "experiment/slope_difference.h"
#include "experiment/verdict.h"

namespace {

using namespace leaktrail;

constexpr double kLevel = 0.01;

std::vector<GrowthSample> ReadTrace(const char* path) {
  std::ifstream in(path);
  std::vector<GrowthSample> trace;
  for (std::string line; std::getline(in, line);) {
    std::istringstream fields(line.substr(0, line.find('#')));
    GrowthSample sample;
    if (fields >> sample.units >> sample.bytes) trace.push_back(sample);
  }
  return trace;
}

std::vector<GrowthSample> Judge(const char* path, double min_units) {
  GrowthOptions options;
  options.false_alarm_bound = RoundsOptions().false_alarm_bound / 2;
  options.planned_samples = RoundsOptions().max_rounds;
  options.min_units = min_units;
  SequentialVerdict verdict(options);
  for (const GrowthSample& sample : ReadTrace(path)) {
    if (verdict.Add(sample).outcome != GrowthOutcome::kGoOn) break;
  }
  const GrowthVerdict v = verdict.Finish();
  fmt::print("{} after {} samples: {}\n", OutcomeName(v.outcome), v.sample_count, v.reason);
  fmt::print("  {:+.1f} B per unit ({:+.1f} to {:+.1f}), late {:+.1f} ({:+.1f} to {:+.1f})\n",
             v.growth.per_unit, v.growth.low, v.growth.high, v.late.per_unit, v.late.low,
             v.late.high);
  fmt::print("  a leak of {:.0f} B would have been seen\n", v.smallest_visible_per_unit);
  if (v.units_to_settle) fmt::print("  {:.0f} units more would settle it\n", *v.units_to_settle);
  return verdict.samples();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  const double min_units = std::atof(argv[1]);
  const std::vector<GrowthSample> a = Judge(argv[2], min_units);
  if (argc < 4) return 0;
  const std::vector<GrowthSample> b = Judge(argv[3], min_units);
  const SlopeDifference d = CompareSlopes(a, b, kLevel);
  fmt::print("difference {:+.1f} B per unit ({:+.1f} to {:+.1f}){}\n", d.per_unit, d.low, d.high,
             !d.bounded       ? ", too few samples"
             : d.above_zero() ? ": the first grows faster"
             : d.below_zero() ? ": the second grows faster"
                              : "");
  return 0;
}
