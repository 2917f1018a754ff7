// Node and edge types of a V8 heap snapshot, by meaning. A file numbers them in its own header;
// the reader translates, so no other room sees a file's numbers.
// Source: V8, src/profiler/heap-snapshot-generator.h (HeapEntry::Type, HeapGraphEdge::Type).
#pragma once

#include <cstdint>
#include <string_view>

#include "base/index.h"

namespace leaktrail {

struct NodeTag;
struct EdgeTag;
struct StringTag;
using NodeIndex = Index<NodeTag>;      // dense ordinal; node 0 is the root
using EdgeIndex = Index<EdgeTag>;      // edges of one node are consecutive
using StringIndex = Index<StringTag>;  // into the file's string table

enum class NodeType : uint8_t {
  kHidden,
  kArray,
  kString,
  kObject,
  kCode,
  kClosure,
  kRegExp,
  kNumber,
  kNative,
  kSynthetic,
  kConsString,    // "concatenated string"
  kSlicedString,  // "sliced string"
  kSymbol,
  kBigInt,
  kObjectShape,  // "object shape": maps, descriptor arrays (Node 19 and later)
  kWasmObject,   // "wasm object" (Node 20 only)
  // A type that the file numbers but does not name (symbols in Node 8), or that we do not know.
  // HeapGraph::type_name gives the file's own name.
  kOther,
};

enum class EdgeType : uint8_t {
  kContext,   // named by string
  kElement,   // named by index
  kProperty,  // named by string
  kInternal,  // named by string
  kHidden,    // named by index
  kShortcut,  // named by string
  kWeak,      // named by string
  kOther,     // a type that we do not know; named by string
};

enum class Detachedness : uint8_t { kUnknown = 0, kAttached = 1, kDetached = 2 };

constexpr bool NamedByIndex(EdgeType t) {
  return t == EdgeType::kElement || t == EdgeType::kHidden;
}

std::string_view NodeTypeName(NodeType type);  // "concatenated string", …; "undefined" for kOther
std::string_view EdgeTypeName(EdgeType type);
// The inverse; kOther for a name that is not known.
NodeType NodeTypeFromName(std::string_view name);
EdgeType EdgeTypeFromName(std::string_view name);

}  // namespace leaktrail
