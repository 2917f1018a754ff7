// What compiled functions tell about what they do, without their source.
//
//   SharedFunctionInfo ─function_data▶ BytecodeArray ─▶ constant pool ─▶ "push", "_metrics", inner
//   closure ─feedback_cell▶ FeedbackVector ─▶ called functions, shapes and literals met functions
//
// The constant pool holds the names of the properties that a function reads, writes and calls, and
// the functions it makes. Feedback holds what it called and constructed, the shapes it met, and a
// boilerplate for each object literal it made. So a function that mentions `push` and `_metrics`,
// and whose feedback knows the class Meter, is the likely one to have filled the list.
//
// Both are there for functions that ran lately; V8 drops the bytecode of old ones. A function that
// leaks runs.
//
// Names: V8, heap-snapshot-generator.cc, ExtractBytecodeArrayReferences and
// ExtractFeedbackVectorReferences.
//
// Cost: O(code near the function). Threads: pure.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "analysis/code_model.h"
#include "analysis/names.h"
#include "heap/graph.h"

namespace leaktrail {

struct FunctionFacts {
  NodeIndex function;                           // the SharedFunctionInfo
  NodeIndex closure;                            // one closure of it; None if there is none
  std::unordered_set<uint64_t> names;           // hashes of the strings it mentions
  std::unordered_set<uint32_t> makes;           // shared functions of the closures it makes
  std::unordered_set<uint32_t> calls;           // closures that it called or constructed
  std::unordered_map<uint32_t, int> shapes;     // maps that it met, each at how many places
  std::unordered_set<uint32_t> literal_shapes;  // maps of the object literals that it made
  bool has_code = false;
  bool met_many_shapes = false;  // at one place; these are not in `shapes`
  bool runs = false;             // often enough for V8 to keep feedback of it

  bool mentions(uint64_t name) const { return names.count(name) != 0; }
};

// Of the functions of the given scripts that have bytecode or feedback, in node order.
std::vector<FunctionFacts> CollectFunctionFacts(const HeapGraph& graph, const NameHashes& names,
                                                const CodeModel& code,
                                                const std::unordered_set<uint32_t>& script_nodes);

// The map of an object; None if it has none.
NodeIndex ShapeOf(const HeapGraph& graph, const NameHashes& names, NodeIndex object);

}  // namespace leaktrail
