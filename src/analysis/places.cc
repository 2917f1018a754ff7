#include "analysis/places.h"

namespace leaktrail {
namespace {

constexpr uint64_t kConstructorEdge = HashName("constructor");
constexpr uint64_t kProtoEdge = HashName("__proto__");
constexpr uint64_t kModule = HashName("Module");
constexpr uint64_t kFilename = HashName("filename");

}  // namespace

NodeIndex FindConstructor(const HeapGraph& g, const NameHashes& names, NodeIndex object) {
  NodeIndex proto;
  for (const EdgeIndex e : g.edges_of(object)) {
    if (g.edge_type(e) == EdgeType::kProperty && names.of(g.edge_name(e)) == kProtoEdge) {
      proto = g.target(e);
    }
  }
  if (!proto.valid()) return {};
  for (const EdgeIndex e : g.edges_of(proto)) {
    const NodeIndex t = g.target(e);
    if (g.edge_type(e) == EdgeType::kProperty && names.of(g.edge_name(e)) == kConstructorEdge &&
        g.type(t) == NodeType::kClosure) {
      return t;
    }
  }
  return {};
}

const Script* ScriptOfModule(const LastSnapshot& last, NodeIndex n) {
  const HeapGraph& g = last.graph();
  const PackageMap& packages = *last.view.packages;
  if (g.type(n) != NodeType::kObject || last.view.names->of(g.name(n)) != kModule) return nullptr;
  for (const EdgeIndex e : g.edges_of(n)) {
    if (g.edge_type(e) != EdgeType::kProperty) continue;
    if (last.view.names->of(g.edge_name(e)) != kFilename) continue;
    if (g.type(g.target(e)) != NodeType::kString) return nullptr;
    const uint64_t path = HashName(g.NodeName(g.target(e)));
    for (const Script& s : packages.scripts) {
      if (s.path_hash == path && packages.package(s.package).is_userland()) return &s;
    }
    return nullptr;
  }
  return nullptr;
}

std::string DisplayClass(const LastSnapshot& last, NodeIndex n) {
  const HeapGraph& g = last.graph();
  switch (g.type(n)) {
    case NodeType::kClosure: {
      const std::string name = FunctionName(g, *last.view.code, n);
      return name.empty() ? "(closure)" : "(closure) " + name;
    }
    case NodeType::kString:
    case NodeType::kConsString:
    case NodeType::kSlicedString:
      return "(string)";
    case NodeType::kObject:
      if (IsContext(g, *last.view.names, n)) {
        const NodeIndex f = last.view.code->function(n);
        const std::string name = f.valid() ? FunctionName(g, *last.view.code, f) : "";
        return name.empty() ? "(scope)" : "(scope) " + name;
      }
      return g.NodeName(n);
    case NodeType::kNative:
    case NodeType::kSynthetic:
      return g.NodeName(n);
    default:
      return std::string("(").append(g.type_name(n)).append(")");
  }
}

namespace {

// A generator is where its function is; the class of all of them is "Generator".
NodeIndex FunctionOfGenerator(const HeapGraph& g, NodeIndex n) {
  const Location* own = g.FindLocation(n);
  if (own == nullptr || g.type(n) != NodeType::kObject) return {};
  for (const EdgeIndex e : g.edges_of(n)) {
    const NodeIndex t = g.target(e);
    if (g.edge_type(e) != EdgeType::kInternal || g.type(t) != NodeType::kClosure) continue;
    const Location* at = g.FindLocation(t);
    if (at != nullptr && at->script_id == own->script_id && at->line == own->line &&
        at->column == own->column) {
      return t;
    }
  }
  return {};
}

}  // namespace

std::optional<CodePlace> PlaceOfNode(const LastSnapshot& last, NodeIndex n) {
  const HeapGraph& g = last.graph();
  const PackageMap& packages = *last.view.packages;
  CodePlace place;
  bool known = false;
  if (const Location* at = g.FindLocation(n)) {
    place = packages.PlaceOf(*at);
    known = true;
  }
  if (place.file.empty()) {
    if (const Script* s = packages.script_of_function(n)) {
      place.package = packages.LabelOf(s->package);
      place.file = s->file;
      known = true;
    } else if (const Package& p = packages.package(packages.direct_package(n)); p.is_userland()) {
      // Before Node 11 objects have no location.
      const NodeIndex constructor = FindConstructor(g, *last.view.names, n);
      const Script* of = constructor.valid() ? packages.script_of_function(constructor) : nullptr;
      place.package = packages.LabelOf(packages.direct_package(n));
      if (of != nullptr && packages.LabelOf(of->package) == place.package) place.file = of->file;
      known = true;
    }
  }
  if (!known) return std::nullopt;
  if (packages.script_of_code[n.value()] != 0) {
    place.function = FunctionName(g, *last.view.code, n);
  } else if (g.type(n) == NodeType::kObject) {
    const NodeIndex f = FunctionOfGenerator(g, n);
    place.function = f.valid() ? FunctionName(g, *last.view.code, f) : g.NodeName(n);
  }
  return place;
}

}  // namespace leaktrail
