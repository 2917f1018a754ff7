#include "analysis/packages.h"

#include <algorithm>
#include <map>
#include <utility>

#include "analysis/manifests.h"
#include "analysis/script_catalog.h"

namespace leaktrail {
namespace {

constexpr uint64_t kPrototype = HashName("prototype");
constexpr uint64_t kProto = HashName("__proto__");
constexpr uint64_t kNameEdge = HashName("name");

class Builder {
 public:
  Builder(const HeapGraph& graph, const NameHashes& names, const CodeModel& code,
          const DominatorTree& dominators, const ManifestReader& read_manifest)
      : g_(graph), names_(names), code_(code), dominators_(dominators), read_(read_manifest) {}

  PackageMap Build() {
    ReadScripts();
    AllocateNodes();
    if (m_.script_of_code.empty()) return std::move(m_);
    MarkCode();
    JoinScriptIds();
    ChargeDirectly();
    ChargeToDominators();
    return std::move(m_);
  }

 private:
  void ReadScripts() {
    std::vector<NamedScript> named;
    named.reserve(code_.scripts.size());
    for (const NodeIndex script : code_.scripts) {
      named.push_back({script, ScriptName(g_, script, [&](EdgeIndex e) {
                         return names_.of(g_.edge_name(e)) == kNameEdge;
                       })});
    }
    m_ = CatalogScripts(
        named,
        [&](const std::vector<WantedVersion>& wanted) {
          return FindVersionsInHeap(g_, names_, wanted);
        },
        read_);
  }

  void AllocateNodes() {
    m_.direct = Array<uint16_t>(g_.node_count());
    m_.charged = Array<uint16_t>(g_.node_count());
    m_.script_of_code = Array<uint32_t>(g_.node_count());
  }

  void MarkCode() {
    for (size_t i = 0; i < m_.scripts.size(); ++i) {
      m_.script_of_code[m_.scripts[i].node.value()] = static_cast<uint32_t>(i) + 1;
    }
    for (const NodeIndex n : g_.nodes()) {
      const NodeIndex s = code_.script(n);
      if (s.valid()) m_.script_of_code[n.value()] = m_.script_of_code[s.value()];
    }
  }

  // A closure that has a location and a script gives the script's id. The most frequent wins, in
  // case a file lies.
  void JoinScriptIds() {
    std::map<std::pair<uint32_t, uint32_t>, uint32_t> votes;  // (id, 1 + script) → closures
    for (const Location& at : g_.locations()) {
      if (g_.type(at.node) != NodeType::kClosure) continue;
      const uint32_t s = m_.script_of_code[at.node.value()];
      if (s != 0) ++votes[{at.script_id, s}];
    }
    std::unordered_map<uint32_t, uint32_t> best;
    for (const auto& [pair, count] : votes) {
      uint32_t& b = best[pair.first];
      if (count <= b) continue;
      b = count;
      m_.script_of[pair.first] = ScriptIndex(pair.second - 1);
    }
    for (const auto& [id, script] : m_.script_of) {
      uint32_t& known = m_.scripts[script.value()].id;
      if (known == 0 || id < known) known = id;
    }
  }

  void SetDirect(NodeIndex n, uint32_t script_plus_one) {
    if (script_plus_one == 0) return;
    const uint32_t p = m_.scripts[script_plus_one - 1].package.value();
    m_.direct[n.value()] = static_cast<uint16_t>(p);
  }

  void ChargeDirectly() {
    for (const NodeIndex n : g_.nodes()) SetDirect(n, m_.script_of_code[n.value()]);
    for (const Location& at : g_.locations()) {
      if (m_.direct[at.node.value()] != 0) continue;
      const auto it = m_.script_of.find(at.script_id);
      if (it != m_.script_of.end()) SetDirect(at.node, it->second.value() + 1);
    }
    if (g_.locations().empty()) ChargeByPrototype();
  }

  // Before Node 11: an object's prototype is the `prototype` of its constructor.
  void ChargeByPrototype() {
    std::unordered_map<uint32_t, uint32_t> of_prototype;  // node → 1 + script
    for (const NodeIndex n : g_.nodes()) {
      const uint32_t script = m_.script_of_code[n.value()];
      if (g_.type(n) != NodeType::kClosure || script == 0) continue;
      const NodeIndex prototype = Property(n, kPrototype);
      if (prototype.valid()) of_prototype.emplace(prototype.value(), script);
    }
    for (const NodeIndex n : g_.nodes()) {
      if (g_.type(n) != NodeType::kObject || m_.direct[n.value()] != 0) continue;
      const NodeIndex proto = Property(n, kProto);
      if (!proto.valid()) continue;
      const auto it = of_prototype.find(proto.value());
      if (it != of_prototype.end()) SetDirect(n, it->second);
    }
  }

  NodeIndex Property(NodeIndex n, uint64_t name) const {
    for (const EdgeIndex e : g_.edges_of(n)) {
      if (g_.edge_type(e) == EdgeType::kProperty && names_.of(g_.edge_name(e)) == name) {
        return g_.target(e);
      }
    }
    return NodeIndex::None();
  }

  void ChargeToDominators() {
    for (const uint32_t n : dominators_.order) {
      const uint16_t own = m_.direct[n];
      m_.charged[n] = own != 0 ? own : m_.charged[dominators_.idom[n]];
    }
  }

  const HeapGraph& g_;
  const NameHashes& names_;
  const CodeModel& code_;
  const DominatorTree& dominators_;
  const ManifestReader& read_;
  PackageMap m_;
};

}  // namespace

const Script* PackageMap::FindScript(uint32_t script_id) const {
  const auto it = script_of.find(script_id);
  return it == script_of.end() ? nullptr : &scripts[it->second.value()];
}

const Script* PackageMap::script_of_function(NodeIndex n) const {
  const uint32_t s = script_of_code[n.value()];
  return s == 0 ? nullptr : &scripts[s - 1];
}

std::string PackageMap::LabelOf(PackageIndex p) const {
  const Package& package_of = packages[p.value()];
  return package_of.kind == PackageKind::kUnattributed ? "" : package_of.label();
}

CodePlace PackageMap::PlaceOf(const ScriptPosition& position) const {
  CodePlace place;
  if (const Script* script = FindScript(position.script_id)) {
    place.package = LabelOf(script->package);
    place.file = script->file;
  }
  place.line = position.line + 1;
  place.column = position.column + 1;
  return place;
}

CodePlace PackageMap::PlaceOf(const Location& location) const {
  return PlaceOf(ScriptPosition{location.script_id, location.line, location.column});
}

PackageMap ComputePackages(const HeapGraph& graph, const NameHashes& names, const CodeModel& code,
                           const DominatorTree& dominators, const ManifestReader& read_manifest) {
  return Builder(graph, names, code, dominators, read_manifest).Build();
}

std::string PackageOfClass(const PackageMap& packages, const ClassKey& key) {
  if (!key.location) return "";
  const Script* script = packages.FindScript(key.location->script_id);
  return script == nullptr ? "" : packages.LabelOf(script->package);
}

}  // namespace leaktrail
