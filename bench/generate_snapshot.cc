// leaktrail-gen-snapshot: makes heap snapshots of any size that look like those of a Node service
// under load, for measuring and testing. See Usage() for its options.
//
// The same options give the same bytes on every machine. Memory stays at a few ten megabytes plus
// about one for each 400 MB written.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include "generator/base_heap.h"
#include "generator/population.h"
#include "generator/snapshot_writer.h"
#include "generator/text_sink.h"
#include "generator/unit.h"

namespace leaktrail::bench {
namespace {

struct Options {
  std::vector<std::string> files;
  std::uint64_t node_count = 0;
  std::uint64_t size_bytes = 0;
  Layout layout = Layout::kNode24;
  LongStrings long_strings;
  std::uint64_t seed = 1;
  std::uint32_t steps = 1;
  std::uint32_t leak_percent = 10;
  std::uint32_t churn_percent = 10;
};

void Usage(std::FILE* to) {
  fmt::print(to, R"(usage: leaktrail-gen-snapshot -o FILE [options]

  leaktrail-gen-snapshot -o small.heapsnapshot --nodes 100000
  leaktrail-gen-snapshot -o big.heapsnapshot --bytes 10G --layout node20
  leaktrail-gen-snapshot -o a.heapsnapshot --second b.heapsnapshot --bytes 200M
  leaktrail-gen-snapshot -o run.heapsnapshot --steps 3      (run.1.heapsnapshot to run.3.heapsnapshot)
  leaktrail-gen-snapshot -o texts.heapsnapshot --strings 650000 --string-length 1000

  -o FILE               the snapshot to write
  --nodes N             about so many nodes
  --bytes SIZE          about this size: a number, with K, M or G for powers of 1000
  --layout node20|node24  the file layout (default node24)
  --strings N           add N strings, each with a text of its own
  --string-length L     characters of each of them (default 1000, V8 cuts at 1024)
  --seed N              another heap (default 1)
  --second FILE         a later snapshot of the same process: ids can be compared
  --third FILE          one later still
  --steps N             N snapshots of the same process instead, numbered
  --leak PERCENT        samples that leak between two snapshots, of the number of requests (default 10)
  --churn PERCENT       requests that end between two snapshots, while as many come (default 10)
)");
}

[[noreturn]] void Fail(const std::string& message) {
  fmt::print(stderr, "leaktrail-gen-snapshot: {}\n", message);
  std::exit(2);
}

std::uint64_t ParseNumber(std::string_view option, std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  if (error != std::errc()) Fail(fmt::format("{} needs a number, not \"{}\"", option, text));
  if (unit.empty()) return number;
  if (unit == "K" || unit == "k") return number * 1000;
  if (unit == "M" || unit == "m") return number * 1000 * 1000;
  if (unit == "G" || unit == "g") return number * 1000 * 1000 * 1000;
  Fail(fmt::format("{}: unknown unit \"{}\"; use K, M or G", option, unit));
}

std::string NumberedFile(const std::string& file, std::uint32_t number) {
  const std::size_t slash = file.rfind('/');
  const std::size_t dot = file.rfind('.');
  if (dot == std::string::npos || (slash != std::string::npos && dot < slash)) {
    return fmt::format("{}.{}", file, number);
  }
  return fmt::format("{}.{}{}", file.substr(0, dot), number, file.substr(dot));
}

Options ParseOptions(int argc, char** argv) {
  Options options;
  std::string file;
  std::string later[2];
  for (int i = 1; i < argc; ++i) {
    const std::string_view option = argv[i];
    if (option == "--help" || option == "-h") {
      Usage(stdout);
      std::exit(0);
    }
    if (i + 1 == argc) Fail(fmt::format("{} is unknown or needs a value; see --help", option));
    const std::string value = argv[++i];
    if (option == "-o") {
      file = value;
    } else if (option == "--second") {
      later[0] = value;
    } else if (option == "--third") {
      later[1] = value;
    } else if (option == "--layout") {
      if (value != "node20" && value != "node24") Fail("--layout is node20 or node24");
      options.layout = value == "node20" ? Layout::kNode20 : Layout::kNode24;
    } else {
      const std::uint64_t number = ParseNumber(option, value);
      const auto small = [&](std::uint64_t most) {
        if (number > most) Fail(fmt::format("{} is at most {}", option, most));
        return static_cast<std::uint32_t>(number);
      };
      if (option == "--nodes") {
        options.node_count = number;
      } else if (option == "--bytes") {
        options.size_bytes = number;
      } else if (option == "--strings") {
        options.long_strings.count = small(1000000000);
      } else if (option == "--string-length") {
        options.long_strings.length = small(1024);
      } else if (option == "--seed") {
        options.seed = number;
      } else if (option == "--steps") {
        options.steps = small(1000);
      } else if (option == "--leak") {
        options.leak_percent = small(100);
      } else if (option == "--churn") {
        options.churn_percent = small(100);
      } else {
        Fail(fmt::format("unknown option {}; see --help", option));
      }
    }
  }
  if (file.empty()) Fail("say where to write with -o FILE; see --help");
  if (options.long_strings.length < 24) Fail("--string-length is at least 24");
  if (later[0].empty() && !later[1].empty()) Fail("--third needs --second");
  if (options.steps > 1 && !later[0].empty()) Fail("--steps and --second exclude each other");
  if (options.node_count > 0 && options.size_bytes > 0)
    Fail("--nodes and --bytes exclude each other");
  if (options.node_count == 0 && options.size_bytes == 0) {
    options.node_count = options.long_strings.count > 0 ? 20000 : 100000;
  }
  if (options.steps > 1) {
    for (std::uint32_t i = 1; i <= options.steps; ++i)
      options.files.push_back(NumberedFile(file, i));
  } else {
    options.files.push_back(file);
    for (std::string& other : later) {
      if (!other.empty()) options.files.push_back(other);
    }
  }
  return options;
}

// A heap with a given number of requests, ready to be written.
class Process {
 public:
  Process(const Options& options, std::uint32_t script_count, std::uint32_t request_count)
      : options_(options),
        base_(options.layout, options.seed, script_count),
        builder_(base_, options.seed),
        population_(builder_, options.seed,
                    {request_count, std::max(1u, request_count * options.leak_percent / 100),
                     options.churn_percent},
                    2 * (base_.nodes().size() + std::uint64_t{options.long_strings.count}) + 1) {}

  SnapshotCounts Write(std::uint32_t step, TextSink& sink) {
    population_.MoveTo(step);
    SnapshotWriter writer(base_, builder_, population_, options_.seed, options_.long_strings);
    const SnapshotCounts counts = writer.Write(sink);
    sink.Finish();
    return counts;
  }

  std::size_t base_node_count() const { return base_.nodes().size(); }

 private:
  const Options& options_;
  BaseHeap base_;
  UnitBuilder builder_;
  Population population_;
};

struct Plan {
  std::uint32_t script_count = 0;
  std::uint32_t request_count = 0;
};

// How much code and how many requests give the size asked for. Bytes cannot be foretold from
// counts: numbers get longer as the file grows. So two small heaps are written to nowhere, and the
// bytes that a request takes are extended from them along the logarithm of the size.
Plan MakePlan(const Options& options) {
  Options trial = options;
  trial.long_strings.count = 0;
  const double wanted = options.size_bytes > 0 ? static_cast<double>(options.size_bytes)
                                               : static_cast<double>(options.node_count);
  const bool by_bytes = options.size_bytes > 0;
  const double long_strings =
      options.long_strings.count * (by_bytes ? options.long_strings.length + 60.0 : 1.0);
  const double rest = std::max(wanted - long_strings, 1.0);
  const double rough_nodes = by_bytes ? rest / 84 : rest;
  Plan plan;
  plan.script_count = static_cast<std::uint32_t>(std::clamp(rough_nodes / 4000, 15.0, 600.0));
  const auto measure = [&](std::uint32_t requests) {
    TextSink nowhere;
    const SnapshotCounts counts = Process(trial, plan.script_count, requests).Write(0, nowhere);
    return static_cast<double>(by_bytes ? counts.bytes : counts.nodes);
  };
  const double nothing = measure(1);
  if (rest <= nothing) {
    plan.request_count = 1;
    return plan;
  }
  const double guess = (rest - nothing) / (by_bytes ? 9500 : 110);
  const auto small = static_cast<std::uint32_t>(std::clamp(guess / 8, 30.0, 4000.0));
  const std::uint32_t large = small * 4;
  const double per_small = (measure(small) - nothing) / small;
  const double per_large = (measure(large) - nothing) / large;
  const double slope = (per_large - per_small) / std::log(4.0);
  double requests = guess;
  for (int i = 0; i < 8; ++i) {
    const double per_request = per_large + slope * std::log(std::max(requests, 1.0) / large);
    requests = (rest - nothing) / per_request;
  }
  if (requests > 4e8) Fail("that is too large: more than 32-bit ids are needed");
  plan.request_count = static_cast<std::uint32_t>(std::max(1.0, requests));
  return plan;
}

int Run(int argc, char** argv) {
  const Options options = ParseOptions(argc, argv);
  const Plan plan = MakePlan(options);
  Process process(options, plan.script_count, plan.request_count);
  for (std::uint32_t step = 0; step < options.files.size(); ++step) {
    const auto start = std::chrono::steady_clock::now();
    TextSink sink(options.files[step]);
    const SnapshotCounts counts = process.Write(step, sink);
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
    fmt::print("{}: {} bytes, {} nodes, {} edges, {} strings, {:.1f} s\n", options.files[step],
               counts.bytes, counts.nodes, counts.edges, counts.strings, time.count());
  }
  return 0;
}

}  // namespace
}  // namespace leaktrail::bench

int main(int argc, char** argv) {
  try {
    return leaktrail::bench::Run(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "leaktrail-gen-snapshot: {}\n", error.what());
    return 4;
  }
}
