// Interfaces: names for plain objects by the properties they have.
//
// A shape is the sequence of an object's property names. Heaps have few shapes and many objects, so
// the text rules of DevTools run once a shape.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/array.h"
#include "base/growing_array.h"
#include "heap/graph.h"

namespace leaktrail {

struct InterfaceDefinition {
  std::string name;  // "{a, b}"
  std::vector<std::string> properties;
};

// Distinct sequences of property names, numbered in order of first appearance. One thread.
class ShapeTable {
 public:
  // Writes the numbers of the objects' shapes; counts them. Many at a time are quicker: what one
  // needs comes from memory while the others are looked at.
  void Add(const HeapGraph& graph, std::span<const uint32_t> objects, uint32_t* numbers);
  // After the last Add and before what is below: reads the text of each property name once. Names
  // that stand too far back in every shape to be in an interface of this graph are only read if those
  // of another one are to be matched: an object that is used as a map has as many as it has keys.
  // (V8 has each text once. Another producer's second one is not found among those.)
  void ReadProperties(const HeapGraph& graph, bool all);
  uint32_t size() const { return static_cast<uint32_t>(shapes_.size()); }
  uint64_t object_count() const { return object_count_; }

  // How often each shape's name text occurs, DevTools' inferInterfaceDefinitions.
  std::vector<InterfaceDefinition> InferInterfaces() const;
  // For each shape the index of its best interface, or -1: most properties, then the earlier one.
  std::vector<int32_t> MatchInterfaces(const std::vector<InterfaceDefinition>& interfaces) const;

 private:
  struct Shape {
    uint64_t begin;  // in names_
    uint64_t hash;
    uint64_t count;
    uint32_t length;
  };
  struct Property {
    std::string text, formatted;  // formatted: as it stands in an interface's name
    size_t units = 0;             // UTF-16 length of formatted
    uint64_t text_hash = 0, hash_shift = 0;
    bool is_proto = false;
  };
  // An object's property names: in scratch_, up to where those of the next one begin.
  struct Names {
    uint64_t hash;
    size_t begin;
  };
  uint32_t Find(uint64_t hash, std::span<const uint32_t> names);
  void Grow();
  template <typename Visit>
  void ForNamed(const Shape& shape, const Visit& visit) const;
  static bool TakesName(const Property& p, size_t& units);
  static constexpr uint32_t kNotRead = 0xFFFFFFFFu;
  // Shape after shape: string indices; after ReadProperties places in properties_, or kNotRead.
  GrowingArray<uint32_t> names_;
  std::vector<Property> properties_;  // distinct texts
  GrowingArray<Shape> shapes_;
  Array<uint32_t> slots_;  // open addressing: shape + 1
  std::vector<uint32_t> scratch_;
  std::vector<Names> scratch_of_;
  uint64_t object_count_ = 0;
};

}  // namespace leaktrail
