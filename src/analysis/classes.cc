#include "analysis/classes.h"

#include <fmt/format.h>
#include <array>
#include <unordered_map>

#include "analysis/node_filter.h"

namespace leaktrail {
namespace {

constexpr uint32_t kNoClass = 0;  // class index + 1 in the look-up tables

std::string_view TypeClassName(NodeType type) {
  switch (type) {
    case NodeType::kHidden:
      return "(system)";
    case NodeType::kCode:
      return "(compiled code)";
    case NodeType::kClosure:
      return "Function";
    case NodeType::kRegExp:
      return "RegExp";
    default:
      return "";
  }
}

// `<div id="x">` is shown as `<div>`; `Detached <div …>` likewise.
std::string CutMarkup(std::string name) {
  for (std::string_view prefix : {"<", "Detached <"}) {
    if (name.compare(0, prefix.size(), prefix) != 0) continue;
    const size_t space = name.find(' ', prefix.size() - 1);
    return space == std::string::npos ? name : name.substr(0, space) + '>';
  }
  return name;
}

struct LocatedName {
  uint32_t name_class;
  ScriptPosition position;
  bool operator==(const LocatedName&) const = default;
};
struct LocatedNameHash {
  size_t operator()(const LocatedName& k) const {
    uint64_t h = k.name_class * 0x9E3779B97F4A7C15u;
    h = (h ^ k.position.script_id) * 0xFF51AFD7ED558CCDu;
    h = (h ^ (uint64_t{k.position.line} << 32 | k.position.column)) * 0xC4CEB9FE1A85EC53u;
    return static_cast<size_t>(h ^ h >> 29);
  }
};

bool IsPlainObject(const HeapGraph& graph, NodeIndex n) {
  return graph.type(n) == NodeType::kObject && graph.NameIs(n, WellKnown::kObject);
}

class Classifier {
 public:
  Classifier(const HeapGraph& graph, const DetachedNodes& detached, const PlainObjects& plain,
             const std::vector<InterfaceDefinition>* given)
      : graph_(graph),
        detached_(detached),
        plain_(plain),
        given_(given),
        by_string_(graph.strings().size()) {}

  ClassTable Run() {
    const uint32_t n = graph_.node_count();
    table_.class_of_node = NarrowArray(n);
    table_.interfaces = given_ != nullptr ? *given_ : plain_.shapes.InferInterfaces();
    interface_of_shape_ = plain_.shapes.MatchInterfaces(table_.interfaces);
    const auto locations = graph_.locations();
    size_t next = 0;
    for (uint32_t v = 0; v < n; ++v) {
      while (next < locations.size() && locations[next].node.value() < v) ++next;
      const bool located = next < locations.size() && locations[next].node.value() == v &&
                           graph_.type(NodeIndex(v)) == NodeType::kObject;
      table_.class_of_node.Set(
          v, located ? LocatedClass(NameClass(v), locations[next]) : KeyOf(NameClass(v)));
    }
    return std::move(table_);
  }

 private:
  // A number for the class name, one for one text. Names get a class only when a node without a
  // location has them.
  uint32_t InternName(const std::string& text) {
    const auto [it, added] = name_number_.try_emplace(text, static_cast<uint32_t>(names_.size()));
    if (added) {
      names_.push_back(text);
      key_of_name_.push_back(kNoClass);
    }
    return it->second;
  }

  uint32_t NameClass(uint32_t v) {
    const NodeIndex node(v);
    const NodeType type = graph_.type(node);
    if (type != NodeType::kObject && type != NodeType::kNative) return TypeClass(node, type);
    if (IsPlainObject(graph_, node)) {
      const int32_t i = interface_of_shape_[plain_.shape_of[plain_seen_++]];
      if (i >= 0) {
        if (interface_name_.empty()) interface_name_.assign(table_.interfaces.size(), kUnset);
        uint32_t& number = interface_name_[static_cast<size_t>(i)];
        if (number == kUnset) number = InternName(table_.interfaces[static_cast<size_t>(i)].name);
        return number;
      }
    }
    if (detached_.contains(node)) {
      return InternName(CutMarkup(NodeNameWithState(graph_, detached_, node)));
    }
    const uint32_t s = graph_.name(node).value();
    if (s >= by_string_.size()) return InternName("");
    if (by_string_[s] == 0) by_string_[s] = InternName(CutMarkup(graph_.NodeName(node))) + 1;
    return by_string_[s] - 1;
  }

  uint32_t TypeClass(NodeIndex node, NodeType type) {
    if (type == NodeType::kOther) return InternName('(' + graph_.type_name(node) + ')');
    uint32_t& number = by_type_[static_cast<size_t>(type)];
    if (number == 0) {
      const std::string_view special = TypeClassName(type);
      number = InternName(special.empty() ? fmt::format("({})", NodeTypeName(type))
                                          : std::string(special)) +
               1;
    }
    return number - 1;
  }

  uint32_t KeyOf(uint32_t name) {
    uint32_t& c = key_of_name_[name];
    if (c == kNoClass) c = NewClass({names_[name], std::nullopt}) + 1;
    return c - 1;
  }

  uint32_t LocatedClass(uint32_t name, const Location& l) {
    const LocatedName key{name, {l.script_id, l.line, l.column}};
    const auto [it, added] = located_.try_emplace(key, 0);
    if (added) it->second = NewClass({names_[name], key.position});
    return it->second;
  }

  uint32_t NewClass(ClassKey key) {
    table_.keys.push_back(std::move(key));
    return static_cast<uint32_t>(table_.keys.size() - 1);
  }

  static constexpr uint32_t kUnset = 0xFFFFFFFFu;
  const HeapGraph& graph_;
  const DetachedNodes& detached_;
  const PlainObjects& plain_;
  const std::vector<InterfaceDefinition>* given_;
  ClassTable table_;
  size_t plain_seen_ = 0;
  std::vector<int32_t> interface_of_shape_;
  Array<uint32_t> by_string_;  // string → name number + 1
  std::array<uint32_t, 32> by_type_{};
  std::vector<uint32_t> interface_name_;
  std::unordered_map<std::string, uint32_t> name_number_;
  std::vector<std::string> names_;
  std::vector<uint32_t> key_of_name_;
  std::unordered_map<LocatedName, uint32_t, LocatedNameHash> located_;
};

}  // namespace

std::string ClassKey::ToString() const {
  if (!location) return ',' + name;
  return fmt::format("{},{},{},{}", location->script_id, location->line, location->column, name);
}

PlainObjects FindPlainObjects(const HeapGraph& graph, bool all_names) {
  PlainObjects plain;
  constexpr uint32_t kAtOnce = 1024;  // nodes
  std::array<uint32_t, kAtOnce + 1> objects;
  std::array<uint32_t, kAtOnce> shapes;
  const uint32_t n = graph.node_count();
  for (uint32_t first = 0; first < n;) {
    const uint32_t end = n - first < kAtOnce ? n : first + kAtOnce;
    const size_t count = FindNodesNamed(graph, first, end, TypeBit(NodeType::kObject),
                                        WellKnown::kObject, objects.data());
    plain.shapes.Add(graph, {objects.data(), count}, shapes.data());
    plain.shape_of.Append(shapes.data(), count);
    first = end;
  }
  plain.shapes.ReadProperties(graph, all_names);
  return plain;
}

ClassTable ComputeClasses(const HeapGraph& graph, const DetachedNodes& detached,
                          const PlainObjects& plain,
                          const std::vector<InterfaceDefinition>* interfaces) {
  return Classifier(graph, detached, plain, interfaces).Run();
}

ClassTable ComputeClasses(const HeapGraph& graph, const DetachedNodes& detached,
                          const std::vector<InterfaceDefinition>* interfaces) {
  return ComputeClasses(graph, detached, FindPlainObjects(graph, interfaces != nullptr),
                        interfaces);
}

}  // namespace leaktrail
