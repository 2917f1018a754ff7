// What instances are grouped by: the class name, and for objects the constructor's location.
//
// Plain objects are split into interfaces (shapes that occur often enough), as DevTools does.
// Source of the rules: HeapSnapshot.ts, calculateObjectNames, inferInterfaceDefinitions,
// applyInterfaceDefinitions, classKeyInternal.
//
// Threads: frozen values. Class indices are in order of first appearance in the graph, so they do
// not depend on the number of threads.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "analysis/detached.h"
#include "analysis/interfaces.h"
#include "base/array.h"
#include "base/growing_array.h"
#include "base/index.h"
#include "base/narrow_array.h"
#include "heap/graph.h"

namespace leaktrail {

struct ClassTag;
using ClassIndex = Index<ClassTag>;

struct ScriptPosition {  // 0-based
  uint32_t script_id = 0, line = 0, column = 0;
  bool operator==(const ScriptPosition&) const = default;
};

struct ClassKey {
  std::string name;                        // "Meter", "(string)", "{a, b}", …
  std::optional<ScriptPosition> location;  // of the constructor
  bool operator==(const ClassKey&) const = default;
  // As DevTools spells it: "12,3,4,Meter" or ",Meter".
  std::string ToString() const;
};

struct ClassTable {
  std::vector<ClassKey> keys;                   // by ClassIndex
  NarrowArray class_of_node;                    // by node
  std::vector<InterfaceDefinition> interfaces;  // by popularity

  ClassIndex class_of(NodeIndex n) const { return ClassIndex(class_of_node[n.value()]); }
  const ClassKey& key(ClassIndex c) const { return keys[c.value()]; }
};

// The shapes of plain objects. Most of the work of ComputeClasses, and little memory: it can be
// done beside a pass that needs much.
struct PlainObjects {
  ShapeTable shapes;
  GrowingArray<uint32_t> shape_of;  // by plain object, in node order
};
// `all_names` for interfaces that are another graph's (ShapeTable::ReadProperties).
PlainObjects FindPlainObjects(const HeapGraph& graph, bool all_names = false);

// With `interfaces`, these definitions are applied instead of this graph's own (for a comparison:
// the base is read with the current snapshot's; `plain` has to have all names then).
ClassTable ComputeClasses(const HeapGraph& graph, const DetachedNodes& detached,
                          const PlainObjects& plain,
                          const std::vector<InterfaceDefinition>* interfaces = nullptr);
ClassTable ComputeClasses(const HeapGraph& graph, const DetachedNodes& detached,
                          const std::vector<InterfaceDefinition>* interfaces = nullptr);

}  // namespace leaktrail
