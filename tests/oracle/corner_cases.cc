// Writes small snapshots for the comparison with DevTools' engine: hand-made corner cases and
// random graphs. Prints their paths, two that belong together (before, after) on a line.
//
//   leaktrail-corner-cases CASES_FILE OUT_FOLDER FIRST_SEED SEED_COUNT

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "tests/support/graph_dsl.h"
#include "tests/support/random_snapshot.h"

namespace leaktrail::testing {
namespace {

struct Case {
  std::string name, text;
};

// "== name" begins a case.
std::vector<Case> ReadCases(const std::string& path) {
  std::vector<Case> cases;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    if (line.rfind("== ", 0) == 0) {
      cases.push_back({line.substr(3), ""});
    } else if (!cases.empty()) {
      cases.back().text += line + '\n';
    }
  }
  return cases;
}

bool Write(const std::string& path, const SnapshotModel& model, SnapshotLayout layout) {
  std::ofstream out(path, std::ios::binary);
  const std::string text = WriteSnapshot(model, layout);
  out.write(text.data(), static_cast<std::streamsize>(text.size()));
  return out.good();
}

// Some nodes gone, some new, some changed; ids kept.
SnapshotModel Changed(SnapshotModel model, uint64_t seed) {
  RandomNumbers random(seed);
  for (ModelNode& node : model.nodes) {
    if (node.id > 1 && random.OneIn(5)) node.id += 100'000;
    if (random.OneIn(8)) node.self_size = node.self_size == 0 ? 8 : 0;
  }
  return model;
}

int Run(const std::string& cases, const std::string& folder, uint64_t first_seed,
        uint64_t seed_count) {
  for (const Case& c : ReadCases(cases)) {
    const SnapshotModel model = ParseGraphDsl(c.text);
    for (SnapshotLayout layout : kAllLayouts) {
      const std::string path = folder + '/' + c.name + '.' + LayoutName(layout) + ".heapsnapshot";
      if (!Write(path, model, layout)) return 4;
      std::printf("%s\n", path.c_str());
    }
  }
  for (uint64_t seed = first_seed; seed < first_seed + seed_count; ++seed) {
    RandomOptions options;
    options.node_count = static_cast<uint32_t>(2 + seed * 31 % 400);
    options.edges_per_node = 1.0 + static_cast<double>(seed % 4);
    options.large_sizes = seed % 4 == 0;
    options.user_roots = seed % 9 != 0;
    const SnapshotModel model = RandomSnapshot(seed, options);
    const SnapshotLayout layout = kAllLayouts[seed % 3];
    const std::string stem = folder + "/random-" + std::to_string(seed);
    if (!Write(stem + "a.heapsnapshot", model, layout)) return 4;
    if (!Write(stem + "b.heapsnapshot", Changed(model, seed), layout)) return 4;
    std::printf("%sa.heapsnapshot %sb.heapsnapshot\n", stem.c_str(), stem.c_str());
  }
  return 0;
}

}  // namespace
}  // namespace leaktrail::testing

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fputs("usage: leaktrail-corner-cases CASES_FILE OUT_FOLDER FIRST_SEED SEED_COUNT\n",
               stderr);
    return 2;
  }
  return leaktrail::testing::Run(argv[1], argv[2], std::strtoull(argv[3], nullptr, 10),
                                 std::strtoull(argv[4], nullptr, 10));
}
