// Without libFuzzer: checks the files given, and some mutations of each.
//
//   fuzz_snapshot_replay [--mutations=N] FILE_OR_FOLDER…

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/fuzz/check_snapshot.h"
#include "tests/fuzz/snapshot_mutator.h"

int main(int argc, char** argv) {
  unsigned long mutations = 0;
  std::vector<std::string> files;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument.rfind("--mutations=", 0) == 0) {
      mutations = std::stoul(argument.substr(12));
    } else if (std::filesystem::is_directory(argument)) {
      for (const auto& entry : std::filesystem::recursive_directory_iterator(argument)) {
        if (entry.is_regular_file()) files.push_back(entry.path().string());
      }
    } else {
      files.push_back(argument);
    }
  }
  std::sort(files.begin(), files.end());
  for (const std::string& file : files) {
    std::ifstream in(file, std::ios::binary);
    std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    std::fprintf(stderr, "%s\n", file.c_str());
    leaktrail::testing::CheckSnapshot({text.data(), text.size()});
    for (unsigned long m = 0; m < mutations; ++m) {
      text = leaktrail::testing::MutateSnapshot(text, m);
      if (text.size() > 100'000) text.clear();
      leaktrail::testing::CheckSnapshot({text.data(), text.size()});
    }
  }
  std::printf("%zu files, %lu mutations of each\n", files.size(), mutations);
  return files.empty() ? 1 : 0;
}
