#include "analysis/code_model.h"

namespace leaktrail {
namespace {

constexpr uint64_t kShared = HashName("shared");
constexpr uint64_t kScript = HashName("script");
constexpr uint64_t kScriptOrDebugInfo = HashName("script_or_debug_info");
constexpr uint64_t kSource = HashName("source");
constexpr uint64_t kNameOrScopeInfo = HashName("name_or_scope_info");
constexpr uint64_t kOldScopeInfo = HashName("scope_info");
constexpr uint64_t kRawName = HashName("raw_name");
constexpr uint64_t kOuterScope = HashName("raw_outer_scope_info_or_feedback_metadata");
constexpr uint64_t kOuterScopeOld = HashName("outer_scope_info");
constexpr uint64_t kContext = HashName("context");
constexpr uint64_t kClosure = HashName("closure");
constexpr uint64_t kPrevious = HashName("previous");
constexpr uint64_t kContextName = HashName("system / Context");
constexpr uint64_t kScopeInfoName = HashName("system / ScopeInfo");

constexpr int kMaxScopeDepth = 64;

bool IsCodeLike(NodeType t) {
  return t == NodeType::kCode || t == NodeType::kHidden || t == NodeType::kNative;
}

class Builder {
 public:
  Builder(const HeapGraph& graph, const NameHashes& names) : g_(graph), names_(names) {
    m_.function_of = Array<uint32_t>(g_.node_count());
    m_.script_of = Array<uint32_t>(g_.node_count());
    of_scope_ = Array<uint32_t>(g_.node_count());
  }

  CodeModel Build() {
    if (m_.function_of.empty()) return std::move(m_);
    for (const NodeIndex n : g_.nodes()) {
      if (IsCodeLike(g_.type(n))) FindSharedFunction(n);
    }
    for (const NodeIndex n : g_.nodes()) {
      if (g_.type(n) == NodeType::kClosure) ReadClosure(n);
    }
    for (const NodeIndex n : g_.nodes()) {
      if (IsContext(g_, names_, n)) ReadContext(n);
    }
    SpreadScripts();
    for (const NodeIndex n : g_.nodes()) {
      if (IsScript(n)) m_.scripts.push_back(n);
    }
    return std::move(m_);
  }

 private:
  uint64_t EdgeHash(EdgeIndex e) const {
    return NamedByIndex(g_.edge_type(e)) ? 0 : names_.of(g_.edge_name(e));
  }
  NodeIndex Follow(NodeIndex n, uint64_t edge) const {
    for (const EdgeIndex e : g_.edges_of(n)) {
      if (g_.edge_type(e) == EdgeType::kInternal && EdgeHash(e) == edge) return g_.target(e);
    }
    return NodeIndex::None();
  }
  bool IsScript(NodeIndex n) const { return m_.script_of[n.value()] == n.value() + 1; }

  // A shared function has a script and a name or scope info. While a debugger looks, a DebugInfo
  // stands between it and its script.
  void FindSharedFunction(NodeIndex n) {
    NodeIndex script, scope, outer;
    bool named = false;
    for (const EdgeIndex e : g_.edges_of(n)) {
      if (g_.edge_type(e) != EdgeType::kInternal) continue;
      const uint64_t h = EdgeHash(e);
      if (h == kScript || h == kScriptOrDebugInfo) script = g_.target(e);
      if (h == kNameOrScopeInfo || h == kOldScopeInfo) scope = g_.target(e);
      if (h == kNameOrScopeInfo || h == kOldScopeInfo || h == kRawName) named = true;
      if (h == kOuterScope || h == kOuterScopeOld) outer = g_.target(e);
    }
    if (!script.valid() || !named) return;
    if (!Follow(script, kSource).valid()) {
      for (const uint64_t via : {kScript, kShared}) {
        const NodeIndex next = Follow(script, via);
        if (next.valid() && Follow(next, kSource).valid()) script = next;
      }
      if (!Follow(script, kSource).valid()) return;
    }
    m_.functions.push_back(n);
    m_.function_of[n.value()] = n.value() + 1;
    m_.script_of[n.value()] = script.value() + 1;
    m_.script_of[script.value()] = script.value() + 1;
    if (scope.valid() && of_scope_[scope.value()] == 0) of_scope_[scope.value()] = n.value() + 1;
  }

  void ReadClosure(NodeIndex n) {
    const NodeIndex shared = Follow(n, kShared);
    if (!shared.valid()) return;
    m_.function_of[n.value()] = m_.function_of[shared.value()];
    m_.script_of[n.value()] = m_.script_of[shared.value()];
    const NodeIndex context = Follow(n, kContext);
    if (context.valid() && m_.script_of[n.value()] != 0) SetScopeScript(context, n);
  }

  void SetScopeScript(NodeIndex context, NodeIndex from) {
    if (IsContext(g_, names_, context) && m_.script_of[context.value()] == 0) {
      m_.script_of[context.value()] = m_.script_of[from.value()];
    }
  }

  void ReadContext(NodeIndex n) {
    const NodeIndex closure = Follow(n, kClosure);
    if (closure.valid() && m_.function_of[closure.value()] != 0) {
      m_.function_of[n.value()] = m_.function_of[closure.value()];
      m_.script_of[n.value()] = m_.script_of[closure.value()];
      return;
    }
    NodeIndex scope = Follow(n, kOldScopeInfo);
    for (int depth = 0; scope.valid() && depth < kMaxScopeDepth; ++depth) {
      if (const uint32_t f = of_scope_[scope.value()]; f != 0) {
        m_.function_of[n.value()] = f;
        m_.script_of[n.value()] = m_.script_of[f - 1];
        return;
      }
      scope = OuterScope(scope);
    }
  }

  NodeIndex OuterScope(NodeIndex scope) const {
    for (const EdgeIndex e : g_.edges_of(scope)) {
      const NodeIndex t = g_.target(e);
      if (t != scope && names_.of(g_.name(t)) == kScopeInfoName) return t;
    }
    return NodeIndex::None();
  }

  // Outer scopes lie in the script of the inner ones.
  void SpreadScripts() {
    for (const NodeIndex n : g_.nodes()) {
      if (!IsContext(g_, names_, n) || m_.script_of[n.value()] == 0) continue;
      NodeIndex inner = n;
      for (int depth = 0; depth < kMaxScopeDepth; ++depth) {
        const NodeIndex outer = Follow(inner, kPrevious);
        if (!outer.valid() || !IsContext(g_, names_, outer)) break;
        if (m_.script_of[outer.value()] != 0) break;
        SetScopeScript(outer, inner);
        inner = outer;
      }
    }
  }

  const HeapGraph& g_;
  const NameHashes& names_;
  CodeModel m_;
  Array<uint32_t> of_scope_;  // by node, for scope infos: 1 + their shared function
};

}  // namespace

bool IsContext(const HeapGraph& graph, const NameHashes& names, NodeIndex n) {
  return graph.type(n) == NodeType::kObject && names.of(graph.name(n)) == kContextName;
}

CodeModel ComputeCodeModel(const HeapGraph& graph, const NameHashes& names) {
  return Builder(graph, names).Build();
}

std::string FunctionName(const HeapGraph& graph, const CodeModel& code, NodeIndex n) {
  if (graph.type(n) == NodeType::kClosure) {
    std::string name = graph.NodeName(n);
    if (!name.empty()) return name;
  }
  const NodeIndex shared = code.function(n);
  if (!shared.valid()) return "";
  std::string name = graph.NodeName(shared);
  // Shared functions without a name of their own are called by their kind.
  return name.starts_with("(") || name.starts_with("system") ? "" : name;
}

}  // namespace leaktrail
