// The scripts of a heap by name: which package each belongs to, with its version, and what its file
// is called inside. The half of a PackageMap that does not need the whole graph.
//
// Cost: O(scripts × path length), plus what the version finder and the manifest reader take.
// Threads: one.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "analysis/manifests.h"
#include "analysis/packages.h"

namespace leaktrail {

struct NamedScript {
  NodeIndex node;
  std::string name;  // as the heap has it, whole
};

// By position in what is wanted; "" where the heap does not tell.
using VersionFinder =
    std::function<std::vector<std::string>(const std::vector<WantedVersion>& wanted)>;

// A map with packages and scripts, in this order, and nothing about nodes and script ids.
PackageMap CatalogScripts(const std::vector<NamedScript>& scripts,
                          const VersionFinder& find_versions, const ManifestReader& read_manifest);

// The name of a Script node: the longer one of the node's and its `name` string's, since V8 cuts
// node names. `is_name_edge` tells whether an edge is the internal edge "name".
std::string ScriptName(const HeapGraph& graph, NodeIndex script,
                       const std::function<bool(EdgeIndex)>& is_name_edge);

}  // namespace leaktrail
