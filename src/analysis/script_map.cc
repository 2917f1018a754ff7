#include "analysis/script_map.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "analysis/manifests.h"
#include "analysis/names.h"
#include "analysis/script_catalog.h"
#include "base/parallel.h"

namespace leaktrail {
namespace {

constexpr uint64_t kShared = HashName("shared");
constexpr uint64_t kScript = HashName("script");
constexpr uint64_t kScriptOrDebugInfo = HashName("script_or_debug_info");
constexpr uint64_t kSource = HashName("source");
constexpr uint64_t kNameEdge = HashName("name");

// An object with more properties is a dictionary, not a manifest and not a module.
constexpr uint32_t kMostProperties = 1000;
constexpr size_t kEdgesPerBlock = size_t{1} << 18;

// Hashes a name when it is first asked for. Few names are: those of the edges around code.
class NamesOnDemand {
 public:
  explicit NamesOnDemand(const HeapGraph& graph) : g_(graph) {}
  uint64_t of(StringIndex i) {
    const auto [it, fresh] = known_.emplace(i.value(), 0);
    if (fresh) it->second = HashName(g_.strings().GetRaw(i));
    return it->second;
  }

 private:
  const HeapGraph& g_;
  std::unordered_map<uint32_t, uint64_t> known_;
};

class ScriptFinder {
 public:
  ScriptFinder(const HeapGraph& graph, const ClassTable& classes, unsigned threads)
      : g_(graph), classes_(classes), threads_(threads), names_(graph) {}

  PackageMap Find(const ManifestReader& read_manifest) {
    for (const Location& at : g_.locations()) {
      if (g_.type(at.node) == NodeType::kClosure) AddScriptOf(at);
    }
    PackageMap map = CatalogScripts(
        scripts_,
        [this](const std::vector<WantedVersion>& wanted) {
          return FindVersionsAmong(
              g_, [this](StringIndex i) { return names_.of(i); }, wanted, ManifestCandidates());
        },
        read_manifest);
    for (const auto& [id, position] : position_of_) {
      if (position == kUnknown) continue;
      map.script_of.emplace(id, ScriptIndex(position));
      uint32_t& known = map.scripts[position].id;
      if (known == 0 || id < known) known = id;
    }
    return map;
  }

 private:
  static constexpr uint32_t kUnknown = 0xFFFFFFFFu;

  NodeIndex Internal(NodeIndex n, uint64_t name) {
    for (const EdgeIndex e : g_.edges_of(n)) {
      if (g_.edge_type(e) == EdgeType::kInternal && names_.of(g_.edge_name(e)) == name) {
        return g_.target(e);
      }
    }
    return NodeIndex::None();
  }

  // Names of the edge: V8, heap-snapshot-generator.cc, ExtractSharedFunctionInfoReferences. While a
  // debugger looks, a DebugInfo stands between a function and its script; only scripts have a
  // source.
  NodeIndex ScriptOf(NodeIndex shared) {
    NodeIndex script = Internal(shared, kScript);
    if (!script.valid()) script = Internal(shared, kScriptOrDebugInfo);
    if (!script.valid() || Internal(script, kSource).valid()) return script;
    for (const uint64_t via : {kScript, kShared}) {
      const NodeIndex next = Internal(script, via);
      if (next.valid() && Internal(next, kSource).valid()) return next;
    }
    return NodeIndex::None();
  }

  void AddScriptOf(const Location& at) {
    uint32_t& position = position_of_.emplace(at.script_id, kUnknown).first->second;
    if (position != kUnknown) return;
    const NodeIndex shared = Internal(at.node, kShared);
    if (!shared.valid()) return;
    const NodeIndex script = ScriptOf(shared);
    if (!script.valid()) return;
    const auto [it, fresh] =
        position_of_script_.emplace(script.value(), static_cast<uint32_t>(scripts_.size()));
    if (fresh) {
      scripts_.push_back({script, ScriptName(g_, script, [this](EdgeIndex e) {
                            return names_.of(g_.edge_name(e)) == kNameEdge;
                          })});
    }
    position = it->second;
  }

  // Modules, and the objects that have a property `version`, in node order.
  std::vector<NodeIndex> ManifestCandidates() {
    std::vector<NodeIndex> found;
    std::vector<bool> is_module(classes_.keys.size());
    for (size_t c = 0; c < is_module.size(); ++c) is_module[c] = classes_.keys[c].name == "Module";
    if (std::find(is_module.begin(), is_module.end(), true) != is_module.end()) {
      for (const NodeIndex n : g_.nodes()) {
        if (is_module[classes_.class_of(n).value()]) found.push_back(n);
      }
    }
    for (const StringIndex version : g_.strings().well_known(WellKnown::kVersion)) {
      for (const EdgeIndex e : EdgesLabelled(version.value() << HeapGraph::kLabelBits |
                                             static_cast<uint32_t>(EdgeType::kProperty))) {
        const NodeIndex holder = g_.FindSource(e);
        if (g_.edges_of(holder).size() <= kMostProperties) found.push_back(holder);
      }
    }
    std::sort(found.begin(), found.end());
    found.erase(std::unique(found.begin(), found.end()), found.end());
    return found;
  }

  // In no order.
  std::vector<EdgeIndex> EdgesLabelled(uint32_t label) const {
    const Array<RawEdge>& edges = g_.columns().edge;
    std::vector<EdgeIndex> found;
    std::mutex mutex;
    ParallelBlocks(threads_, edges.size(), kEdgesPerBlock, [&](size_t first, size_t last) {
      for (size_t e = first; e < last; ++e) {
        if (edges[e].label != label) continue;
        const std::lock_guard lock(mutex);
        found.push_back(EdgeIndex(static_cast<uint32_t>(e)));
      }
    });
    return found;
  }

  const HeapGraph& g_;
  const ClassTable& classes_;
  const unsigned threads_;
  NamesOnDemand names_;
  std::vector<NamedScript> scripts_;
  std::unordered_map<uint32_t, uint32_t> position_of_;         // by script id
  std::unordered_map<uint32_t, uint32_t> position_of_script_;  // by node
};

}  // namespace

PackageMap ComputeScriptMap(const HeapGraph& graph, const ClassTable& classes, unsigned threads,
                            const ManifestReader& read_manifest) {
  return ScriptFinder(graph, classes, threads).Find(read_manifest);
}

}  // namespace leaktrail
