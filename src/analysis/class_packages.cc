#include "analysis/class_packages.h"

namespace leaktrail {
namespace {

constexpr uint32_t kUnattributed = 0;

class ClassPackages {
 public:
  ClassPackages(const HeapGraph& graph, const ClassTable& classes, const PackageMap& packages)
      : g_(graph), classes_(classes), packages_(packages) {}

  std::vector<PackageIndex> Find() {
    std::vector<PackageIndex> found(classes_.keys.size(), PackageIndex(kUnattributed));
    std::vector<bool> disagree(classes_.keys.size());
    for (const NodeIndex n : g_.nodes()) {
      // The constructor of plain objects is Object, whatever their shape.
      if (g_.type(n) != NodeType::kObject || g_.NameIs(n, WellKnown::kObject)) continue;
      const PackageIndex own = ConstructorsPackage(n);
      if (own.value() == kUnattributed) continue;
      const uint32_t c = classes_.class_of(n).value();
      if (found[c].value() != kUnattributed && found[c] != own) disagree[c] = true;
      found[c] = own;
    }
    for (size_t c = 0; c < found.size(); ++c) {
      if (disagree[c]) found[c] = PackageIndex(kUnattributed);
    }
    return found;
  }

 private:
  // Built-in constructors have no script; but a function of a script may have their prototype as
  // its own, and the prototype's own `constructor` tells the two apart.
  PackageIndex ConstructorsPackage(NodeIndex object) {
    const PackageIndex told = packages_.direct_package(object);
    if (told.value() == kUnattributed) return told;
    for (const EdgeIndex e : g_.edges_of(object)) {
      if (g_.edge_type(e) != EdgeType::kProperty || !IsProto(g_.edge_name(e))) continue;
      const auto [it, fresh] = of_prototype_.emplace(g_.target(e).value(), told);
      if (fresh) it->second = PackageOfPrototype(g_.target(e), told);
      return it->second;
    }
    return told;
  }

  PackageIndex PackageOfPrototype(NodeIndex prototype, PackageIndex told) const {
    for (const EdgeIndex e : g_.edges_of(prototype)) {
      if (g_.edge_type(e) == EdgeType::kProperty && g_.EdgeName(e) == "constructor" &&
          g_.type(g_.target(e)) == NodeType::kClosure) {
        return packages_.direct_package(g_.target(e));
      }
    }
    return told;
  }

  bool IsProto(StringIndex name) const { return g_.strings().Is(name, WellKnown::kProto); }

  const HeapGraph& g_;
  const ClassTable& classes_;
  const PackageMap& packages_;
  std::unordered_map<uint32_t, PackageIndex> of_prototype_;
};

}  // namespace

std::vector<PackageIndex> ComputeClassPackages(const HeapGraph& graph, const ClassTable& classes,
                                               const PackageMap& packages) {
  return ClassPackages(graph, classes, packages).Find();
}

}  // namespace leaktrail
