#include "analysis/script_catalog.h"

#include <map>
#include <utility>

#include "analysis/app_folder.h"
#include "analysis/names.h"
#include "analysis/script_paths.h"

namespace leaktrail {
namespace {

constexpr size_t kMaxPackages = 0xFFFF;  // PackageMap counts them in 16 bits

class Catalog {
 public:
  explicit Catalog(const ManifestReader& read_manifest) : read_(read_manifest) {
    m_.packages.push_back({PackageKind::kUnattributed, "(unattributed)", "", ""});
  }

  void AddScripts(const std::vector<NamedScript>& scripts) {
    NodeNaming naming = NodeNaming::kPlain;
    for (const NamedScript& s : scripts) {
      if (s.name.starts_with("node:")) naming = NodeNaming::kPrefixed;
    }
    for (const NamedScript& s : scripts) {
      ScriptPath p = ParseScriptPath(s.name, naming);
      Script script;
      script.package = PackageOf(p);
      script.path = std::move(p.path);
      script.path_hash = HashName(script.path);
      script.file = std::move(p.file);
      script.node = s.node;
      m_.scripts.push_back(std::move(script));
    }
  }

  void NameVersions(const VersionFinder& find_versions) {
    std::vector<WantedVersion> wanted;
    std::vector<size_t> of_package;
    for (size_t i = 0; i < m_.packages.size(); ++i) {
      Package& p = m_.packages[i];
      if (p.kind != PackageKind::kModule) continue;
      if (read_) {
        const std::optional<PackageManifest> manifest = read_(p.folder);
        // A folder of another name is an alias: the code is the other package's.
        if (manifest && !manifest->name.empty()) p.name = manifest->name;
        if (manifest && !manifest->version.empty()) p.version = manifest->version;
      }
      if (!p.version.empty()) continue;
      wanted.push_back({p.name, p.folder});
      of_package.push_back(i);
    }
    if (wanted.empty()) return;
    const std::vector<std::string> found = find_versions(wanted);
    for (size_t i = 0; i < found.size(); ++i) m_.packages[of_package[i]].version = found[i];
  }

  void NameAppFiles() {
    std::vector<std::string> app_paths, module_folders;
    for (const Script& s : m_.scripts) {
      // Bundlers' made-up paths are relative already.
      if (m_.package(s.package).kind == PackageKind::kApp &&
          s.path.find('/') != std::string::npos && (s.path[0] == '/' || s.path.find(":/") == 1)) {
        app_paths.push_back(s.path);
      }
    }
    for (const Package& p : m_.packages) {
      if (p.kind == PackageKind::kModule) module_folders.push_back(p.folder);
    }
    const std::string folder = FindAppFolder(app_paths, module_folders, read_);
    for (Package& p : m_.packages) {
      if (p.kind == PackageKind::kApp) p.folder = folder;
    }
    for (Script& s : m_.scripts) {
      if (m_.package(s.package).kind == PackageKind::kApp) s.file = RelativeTo(folder, s.path);
    }
  }

  PackageMap Take() { return std::move(m_); }

 private:
  PackageIndex PackageOf(const ScriptPath& p) {
    std::string name = p.name, key = p.folder;
    if (p.kind == PackageKind::kApp) name = "app";
    if (p.kind == PackageKind::kGenerated) name = "(generated)";
    if (key.empty()) key = name;
    const auto [it, fresh] = by_key_.emplace(key, static_cast<uint32_t>(m_.packages.size()));
    if (fresh) {
      if (m_.packages.size() >= kMaxPackages) {
        it->second = 0;
      } else {
        m_.packages.push_back({p.kind, name, p.version, p.folder});
      }
    }
    return PackageIndex(it->second);
  }

  const ManifestReader& read_;
  PackageMap m_;
  std::map<std::string, uint32_t> by_key_;
};

}  // namespace

PackageMap CatalogScripts(const std::vector<NamedScript>& scripts,
                          const VersionFinder& find_versions, const ManifestReader& read_manifest) {
  Catalog catalog(read_manifest);
  catalog.AddScripts(scripts);
  catalog.NameVersions(find_versions);
  catalog.NameAppFiles();
  return catalog.Take();
}

std::string ScriptName(const HeapGraph& graph, NodeIndex script,
                       const std::function<bool(EdgeIndex)>& is_name_edge) {
  std::string name = graph.NodeName(script);
  for (const EdgeIndex e : graph.edges_of(script)) {
    if (graph.edge_type(e) != EdgeType::kInternal || !is_name_edge(e)) continue;
    const NodeIndex t = graph.target(e);
    if (graph.type(t) != NodeType::kString) break;
    std::string text = graph.NodeName(t);
    if (text.size() > name.size()) name = std::move(text);
    break;
  }
  return name;
}

}  // namespace leaktrail
