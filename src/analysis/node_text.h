// A node's name as DevTools writes it in a tree: a concatenated string joined, a plain object as
// "{a, b, …, z}", everything else its raw name.
//
// Source of the rules: HeapSnapshot.ts, JSHeapSnapshotNode.name.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "analysis/detached.h"
#include "heap/graph.h"

namespace leaktrail {

std::string NodeText(const HeapGraph& graph, const DetachedNodes& detached, NodeIndex node);

// A property's name between braces: quoted as JSON if it has a comma, quote or brace.
std::string FormatPropertyName(const std::string& name);

// Orders UTF-8 texts as JavaScript's < does, by UTF-16 units: a character above U+FFFF comes before
// U+E000 to U+FFFF.
std::weak_ordering CompareAsJavaScript(std::string_view a, std::string_view b);

// The texts of concatenated strings. Such a string may be a chain of a million parts, each of which
// is a node too (`log += line`); what one node's text taught about the chain is kept, so the texts
// of all parts together cost time linear in their number.
//
// Threads: one.
class ConsStringTexts {
 public:
  explicit ConsStringTexts(const HeapGraph& graph) : graph_(graph) {}

  // The leaves' texts from left to right, up to the first that brings 1024 UTF-16 units or more.
  std::string Get(NodeIndex cons);
  // A node whose text is the same: the end of the part of a chain that fills the text.
  NodeIndex FindRepresentative(NodeIndex cons);
  // DevTools calls it flat: one part is the empty string, so it stands for the other.
  bool IsFlat(NodeIndex cons);

 private:
  struct Parts {
    NodeIndex first, second;  // the root if missing, as in DevTools
  };
  Parts PartsOf(NodeIndex cons) const;
  std::string Join(NodeIndex cons) const;
  bool IsEmpty(NodeIndex cons);

  const HeapGraph& graph_;
  // By node: the node whose text is the same and fills the limit; itself where its text is short.
  std::unordered_map<uint32_t, uint32_t> representative_;
};

}  // namespace leaktrail
