#include "experiment/remove_tree.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <vector>

#include "base/parallel.h"

namespace leaktrail {
namespace {

namespace fs = std::filesystem;

constexpr unsigned kWorkers = 8;  // they wait for the disk, not for processors
constexpr size_t kEnoughParts = 64;
constexpr int kDeepest = 6;

// Folders of which none is below another, enough to share out; links are not followed.
std::vector<fs::path> PartsOf(const fs::path& folder) {
  std::error_code ignored;
  if (fs::is_symlink(folder, ignored)) return {};
  std::vector<fs::path> parts{folder};
  for (int depth = 0; depth < kDeepest && parts.size() < kEnoughParts; ++depth) {
    std::vector<fs::path> below;
    for (const fs::path& part : parts) {
      std::error_code error;
      for (auto it = fs::directory_iterator(part, error); it != fs::directory_iterator();
           it.increment(error)) {
        if (error) break;
        if (it->is_directory(error) && !it->is_symlink(error)) below.push_back(it->path());
      }
    }
    if (below.empty()) break;
    parts = std::move(below);
  }
  return parts;
}

}  // namespace

void RemoveTree(const std::string& folder) {
  const std::vector<fs::path> parts = PartsOf(folder);
  ParallelBlocks(kWorkers, parts.size(), 1, [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) {
      std::error_code ignored;
      fs::remove_all(parts[i], ignored);
    }
  });
  std::error_code error;
  fs::remove_all(folder, error);
  if (!error) return;
  for (auto it = fs::recursive_directory_iterator(
           folder, fs::directory_options::skip_permission_denied, error);
       it != fs::recursive_directory_iterator(); it.increment(error)) {
    if (error) break;
    if (it->is_directory() && !it->is_symlink()) chmod(it->path().c_str(), 0700);
  }
  fs::remove_all(folder, error);
}

}  // namespace leaktrail
