#include "analysis/app_folder.h"

#include <map>
#include <set>

#include "analysis/script_paths.h"

namespace leaktrail {
namespace {

std::string CommonFolder(const std::vector<std::string>& paths) {
  std::string common(ParentFolder(paths.front()));
  for (const std::string& path : paths) {
    while (!common.empty() && !(path.starts_with(common) && path[common.size()] == '/')) {
      common = ParentFolder(common);
    }
  }
  return common;
}

}  // namespace

std::string FindAppFolder(const std::vector<std::string>& app_paths,
                          const std::vector<std::string>& module_folders,
                          const ManifestReader& read_manifest) {
  if (app_paths.empty()) return "";
  std::set<std::string> with_modules;  // folders that hold a node_modules
  for (const std::string& folder : module_folders) {
    const size_t at = folder.find("/node_modules/");
    if (at != std::string::npos) with_modules.insert(folder.substr(0, at));
  }
  std::map<std::string, bool> has_manifest;
  const auto is_package = [&](const std::string& folder) {
    if (with_modules.count(folder) != 0) return true;
    if (!read_manifest) return false;
    const auto [it, fresh] = has_manifest.emplace(folder, false);
    if (fresh) it->second = read_manifest(folder).has_value();
    return it->second;
  };
  std::map<std::string, size_t> votes;
  for (const std::string& path : app_paths) {
    std::string folder(ParentFolder(path));
    while (!folder.empty() && !is_package(folder)) folder = ParentFolder(folder);
    if (!folder.empty()) ++votes[folder];
  }
  const std::pair<const std::string, size_t>* best = nullptr;
  for (const auto& vote : votes) {
    if (best == nullptr || vote.second > best->second) best = &vote;
  }
  return best != nullptr ? best->first : CommonFolder(app_paths);
}

std::string RelativeTo(const std::string& folder, const std::string& path) {
  if (folder.empty() || !path.starts_with(folder) || path.size() <= folder.size() ||
      path[folder.size()] != '/') {
    return path;
  }
  return path.substr(folder.size() + 1);
}

}  // namespace leaktrail
