// Versions of packages, as far as the heap itself tells them.
//
// Sources, in order of trust:
//   1. a loaded package.json: the Module whose filename is `<folder>/package.json`, its exports
//   2. a parsed package.json that somebody keeps: an object whose `name` is the package's and that
//      has a `version` and at least one more key that only manifests have; used only when one
//      folder of that name is in the heap and all such objects agree
//   3. the package's own version module: `<folder>/…/version.js` (or .cjs, .mjs) that exports one
//      `VERSION` or `version`
// Anything else (ranges in dependencies, file names of caches) could be another version and is not
// used.
//
// Cost: one pass over all edges. Threads: pure.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "analysis/names.h"
#include "heap/graph.h"

namespace leaktrail {

struct WantedVersion {
  std::string name;    // "@acme/lib"
  std::string folder;  // absolute
};

// By position in `wanted`; "" where the heap does not tell.
std::vector<std::string> FindVersionsInHeap(const HeapGraph& graph, const NameHashes& names,
                                            const std::vector<WantedVersion>& wanted);

// The same for a caller that has hashed no names: looks at these objects only, which must be the
// Modules and what has a property `version`. `hash_of` gives HashName of a string.
using NameHasher = std::function<uint64_t(StringIndex)>;
std::vector<std::string> FindVersionsAmong(const HeapGraph& graph, const NameHasher& hash_of,
                                           const std::vector<WantedVersion>& wanted,
                                           std::span<const NodeIndex> objects);

}  // namespace leaktrail
