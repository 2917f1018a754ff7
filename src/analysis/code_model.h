// What the heap knows about code: which function a closure or a scope belongs to, and its script.
//
//   closure ──shared──▶ SharedFunctionInfo ──script──▶ Script
//      │ context              │ name_or_scope_info
//      ▼                      ▼
//   Context ──scope_info──▶ ScopeInfo ──▶ outer ScopeInfo …      (Node 8 and 10: Context
//   ──closure──▶)
//
// A context is a function's scope that outlives its call; its function is found by the scope info
// that both point to, or by the next outer one (a block's scope has no function of its own).
// Nested functions lie in one script, so a context without a function still gets its script from
// any closure made in it.
//
// Edge and node names: V8, src/profiler/heap-snapshot-generator.cc, ExtractJSFunctionReferences,
// ExtractSharedFunctionInfoReferences, ExtractContextReferences, ExtractScriptReferences.
//
// Cost: O(nodes + edges of code, closures and contexts), 8 bytes a node. Threads: frozen.
#pragma once

#include <cstdint>
#include <vector>

#include "analysis/names.h"
#include "base/array.h"
#include "heap/graph.h"

namespace leaktrail {

struct CodeModel {
  Array<uint32_t> function_of;  // by node: 1 + node of the SharedFunctionInfo; closures, contexts
                                // and the shared functions themselves; 0 otherwise
  Array<uint32_t> script_of;    // by node: 1 + node of the Script; as above and scripts themselves
  std::vector<NodeIndex> scripts;    // in node order
  std::vector<NodeIndex> functions;  // SharedFunctionInfos, in node order

  NodeIndex function(NodeIndex n) const {
    const uint32_t v = function_of[n.value()];
    return v == 0 ? NodeIndex::None() : NodeIndex(v - 1);
  }
  NodeIndex script(NodeIndex n) const {
    const uint32_t v = script_of[n.value()];
    return v == 0 ? NodeIndex::None() : NodeIndex(v - 1);
  }
};

bool IsContext(const HeapGraph& graph, const NameHashes& names, NodeIndex n);

CodeModel ComputeCodeModel(const HeapGraph& graph, const NameHashes& names);

// The name in the source: of the closure, or of its shared function. "" for an anonymous one.
std::string FunctionName(const HeapGraph& graph, const CodeModel& code, NodeIndex n);

}  // namespace leaktrail
