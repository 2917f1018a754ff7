// Interfaces: names for plain objects by the properties they have.
//
// A shape is the sequence of an object's property names. Heaps have few shapes and many objects, so
// the text rules of DevTools run once a shape.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "analysis/classes.h"
#include "heap/graph.h"

namespace leaktrail {

// Distinct sequences of property names, numbered in order of first appearance. One thread.
class ShapeTable {
 public:
  // The number of `object`'s shape; counts it.
  uint32_t Add(const HeapGraph& graph, NodeIndex object);
  uint32_t size() const { return static_cast<uint32_t>(shapes_.size()); }
  uint64_t object_count() const { return object_count_; }

  // How often each shape's name text occurs, DevTools' inferInterfaceDefinitions.
  std::vector<InterfaceDefinition> InferInterfaces(const HeapGraph& graph) const;
  // For each shape the index of its best interface, or -1: most properties, then the earlier one.
  std::vector<int32_t> MatchInterfaces(const HeapGraph& graph,
                                       const std::vector<InterfaceDefinition>& interfaces) const;

 private:
  struct Shape {
    uint32_t begin, length;  // into names_
    uint64_t hash;
    uint64_t count;
  };
  void Grow();
  std::vector<uint32_t> names_;  // string indices, shape after shape
  std::vector<Shape> shapes_;
  std::vector<uint32_t> slots_;  // open addressing: shape + 1
  std::vector<uint32_t> scratch_;
  uint64_t object_count_ = 0;
};

}  // namespace leaktrail
