#include "engine/find_leaks.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <unordered_map>

#include "analysis/code_model.h"
#include "analysis/names.h"
#include "base/input.h"

namespace leaktrail {
namespace {

// A larger file is no manifest.
constexpr size_t kMaxManifestBytes = size_t{1} << 20;

std::string TextField(const nlohmann::json& object, const char* key) {
  const auto it = object.find(key);
  return it != object.end() && it->is_string() ? it->get<std::string>() : "";
}

// Asks the disk once for each folder.
ManifestReader CachedManifests(bool enabled) {
  if (!enabled) return {};
  auto known = std::make_shared<std::unordered_map<std::string, std::optional<PackageManifest>>>();
  return [known](const std::string& folder) {
    const auto it = known->find(folder);
    if (it != known->end()) return it->second;
    return known->emplace(folder, ReadManifest(folder)).first->second;
  };
}

}  // namespace

std::optional<PackageManifest> ReadManifest(const std::string& folder) {
  const auto file = InputFile::Open(folder + "/package.json");
  if (!file || !(*file)->regular() || (*file)->size() > kMaxManifestBytes) return std::nullopt;
  std::string text((*file)->size(), '\0');
  const long got = (*file)->ReadAt(0, text.size(), text.data());
  if (got <= 0) return std::nullopt;
  text.resize(static_cast<size_t>(got));
  const nlohmann::json json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return std::nullopt;
  return PackageManifest{TextField(json, "name"), TextField(json, "version")};
}

PackageMap AttributePackages(Session& session, bool read_manifests) {
  const NameHashes names(session.graph(), session.threads());
  const CodeModel code = ComputeCodeModel(session.graph(), names);
  return ComputePackages(session.graph(), names, code, session.dominators(),
                         CachedManifests(read_manifests));
}

PackageTable ComputePackageTable(Session& session, bool read_manifests) {
  const PackageMap packages = AttributePackages(session, read_manifests);
  return ComputePackageTable(session.graph(), packages, session.dominators(),
                             session.shallow_sizes(), session.retained_sizes());
}

}  // namespace leaktrail
