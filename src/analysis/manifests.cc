#include "analysis/manifests.h"

#include <array>
#include <optional>
#include <string_view>

#include "analysis/script_paths.h"

namespace leaktrail {
namespace {

constexpr uint64_t kModule = HashName("Module");
constexpr uint64_t kFilename = HashName("filename");
constexpr uint64_t kExports = HashName("exports");
constexpr uint64_t kName = HashName("name");
constexpr uint64_t kVersion = HashName("version");
constexpr uint64_t kUpperVersion = HashName("VERSION");
constexpr std::array<uint64_t, 11> kManifestKeys = {
    HashName("description"),     HashName("main"),        HashName("license"),
    HashName("dependencies"),    HashName("repository"),  HashName("homepage"),
    HashName("devDependencies"), HashName("maintainers"), HashName("engines"),
    HashName("scripts"),         HashName("author")};

// HashOf: from a StringIndex to HashName of its text.
template <typename HashOf>
class Finder {
 public:
  Finder(const HeapGraph& graph, const HashOf& hash_of, const std::vector<WantedVersion>& wanted)
      : g_(graph), hash_of_(hash_of), wanted_(wanted), found_(wanted.size()) {
    for (size_t i = 0; i < wanted.size(); ++i) {
      by_folder_.emplace(wanted[i].folder, i);
      std::vector<size_t>& same = by_name_[wanted[i].name];
      same.push_back(i);
      name_hashes_.emplace(HashName(wanted[i].name), i);
    }
  }

  void Read(NodeIndex n) {
    if (g_.type(n) != NodeType::kObject) return;
    if (hash_of_(g_.name(n)) == kModule) {
      ReadModule(n);
    } else {
      ReadObject(n);
    }
  }

  std::vector<std::string> Result() {
    std::vector<std::string> out(wanted_.size());
    for (size_t i = 0; i < wanted_.size(); ++i) {
      const Evidence& e = found_[i];
      if (e.loaded) {
        out[i] = *e.loaded;
      } else if (e.kept && !e.kept_disagree && by_name_[wanted_[i].name].size() == 1) {
        out[i] = *e.kept;
      } else if (e.module && !e.module_disagree) {
        out[i] = *e.module;
      }
    }
    return out;
  }

 private:
  struct Evidence {
    std::optional<std::string> loaded, kept, module;
    bool kept_disagree = false, module_disagree = false;
  };

  NodeIndex Property(NodeIndex n, uint64_t name) const {
    for (const EdgeIndex e : g_.edges_of(n)) {
      if (g_.edge_type(e) == EdgeType::kProperty && hash_of_(g_.edge_name(e)) == name) {
        return g_.target(e);
      }
    }
    return NodeIndex::None();
  }
  std::optional<std::string> Text(NodeIndex n) const {
    if (!n.valid() || g_.type(n) != NodeType::kString) return std::nullopt;
    return g_.NodeName(n);
  }
  std::optional<std::string> VersionText(NodeIndex n) const {
    std::optional<std::string> text = Text(n);
    if (text && !LooksLikeVersion(*text)) text.reset();
    return text;
  }

  void ReadModule(NodeIndex n) {
    const std::optional<std::string> filename = Text(Property(n, kFilename));
    if (!filename) return;
    const std::string path = ParseScriptPath(*filename, NodeNaming::kPrefixed).path;
    const std::string_view folder = ParentFolder(path);
    const std::string_view file = std::string_view(path).substr(
        folder.size() < path.size() ? folder.size() + 1 : folder.size());
    const NodeIndex exports = Property(n, kExports);
    if (!exports.valid()) return;
    if (file == "package.json") {
      const auto it = by_folder_.find(std::string(folder));
      if (it == by_folder_.end()) return;
      if (auto version = VersionText(Property(exports, kVersion))) {
        found_[it->second].loaded = std::move(version);
      }
      return;
    }
    if (file != "version.js" && file != "version.cjs" && file != "version.mjs") return;
    const ScriptPath script = ParseScriptPath(path, NodeNaming::kPrefixed);
    const auto it = by_folder_.find(script.folder);
    if (script.kind != PackageKind::kModule || it == by_folder_.end()) return;
    auto version = VersionText(Property(exports, kUpperVersion));
    if (!version) version = VersionText(Property(exports, kVersion));
    if (version) Agree(found_[it->second].module, found_[it->second].module_disagree, *version);
  }

  // The names of the properties are looked at before anything is read.
  void ReadObject(NodeIndex n) {
    NodeIndex name, version;
    bool manifest = false;
    for (const EdgeIndex e : g_.edges_of(n)) {
      if (g_.edge_type(e) != EdgeType::kProperty) continue;
      const uint64_t h = hash_of_(g_.edge_name(e));
      if (h == kName) {
        name = g_.target(e);
      } else if (h == kVersion) {
        version = g_.target(e);
      } else if (!manifest) {
        for (const uint64_t key : kManifestKeys) manifest |= h == key;
      }
    }
    if (!manifest || !name.valid() || !version.valid()) return;
    if (name_hashes_.find(hash_of_(g_.name(name))) == name_hashes_.end()) return;
    const std::optional<std::string> text = Text(name);
    if (!text) return;
    const auto it = by_name_.find(*text);
    const std::optional<std::string> value = VersionText(version);
    if (it == by_name_.end() || !value) return;
    for (const size_t i : it->second) Agree(found_[i].kept, found_[i].kept_disagree, *value);
  }

  static void Agree(std::optional<std::string>& slot, bool& disagree, const std::string& value) {
    if (slot && *slot != value) disagree = true;
    slot = value;
  }

  const HeapGraph& g_;
  const HashOf& hash_of_;
  const std::vector<WantedVersion>& wanted_;
  std::vector<Evidence> found_;
  std::unordered_map<std::string, size_t> by_folder_;
  std::unordered_map<std::string, std::vector<size_t>> by_name_;
  std::unordered_map<uint64_t, size_t> name_hashes_;
};

}  // namespace

std::vector<std::string> FindVersionsInHeap(const HeapGraph& graph, const NameHashes& names,
                                            const std::vector<WantedVersion>& wanted) {
  if (wanted.empty()) return {};
  const auto hash_of = [&](StringIndex i) { return names.of(i); };
  Finder finder(graph, hash_of, wanted);
  for (const NodeIndex n : graph.nodes()) finder.Read(n);
  return finder.Result();
}

std::vector<std::string> FindVersionsAmong(const HeapGraph& graph, const NameHasher& hash_of,
                                           const std::vector<WantedVersion>& wanted,
                                           std::span<const NodeIndex> objects) {
  if (wanted.empty()) return {};
  Finder finder(graph, hash_of, wanted);
  for (const NodeIndex n : objects) finder.Read(n);
  return finder.Result();
}

}  // namespace leaktrail
