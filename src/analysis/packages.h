// Whose code is it? The npm package, script and function that nodes are charged to.
//
//   closure ──shared──▶ SharedFunctionInfo ──script──▶ Script "…/node_modules/@a/b/lib/c.js"
//      ▲ location (script id, line, column)                  └▶ package @a/b, file lib/c.js
//   object ──map──▶ Map ──constructor──▶ closure             (objects have their constructor's
//      └ location of the constructor (Node 11 and later)      location; older files: by the map)
//
// A snapshot names scripts by id in its locations and by path in its script nodes; closures that
// have both join the two. Every other node is charged to its nearest dominator that has a package.
//
// Packages are told apart by folder, so two installed copies of one package are two entries.
// package 0 is always "(unattributed)".
//
// Cost: O(nodes + edges out of code, closures and shapes); strings are read once per script.
// Threads: frozen values. No disk: a manifest comes from the caller, who may ask the disk.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "analysis/classes.h"
#include "analysis/code_model.h"
#include "analysis/dominators.h"
#include "analysis/names.h"
#include "base/array.h"
#include "base/index.h"
#include "heap/graph.h"

namespace leaktrail {

struct PackageTag;
struct ScriptTag;
using PackageIndex = Index<PackageTag>;
using ScriptIndex = Index<ScriptTag>;

enum class PackageKind : uint8_t {
  kUnattributed,  // engine and everything that nothing tells about
  kNode,          // Node's own JavaScript
  kApp,           // the user's own code
  kModule,        // below a node_modules folder
  kGenerated,     // no file: eval, new Function, WebAssembly, anonymous scripts
};

struct Package {
  PackageKind kind = PackageKind::kUnattributed;
  std::string name;     // "@acme/lib", "app", "node", "(generated)", "(unattributed)"
  std::string version;  // "" if nothing tells; never guessed
  std::string folder;   // absolute, with '/'; "" if there is none
  // "@acme/lib@1.2.3", "app", "node". For JSON, where (unattributed) is null: see PlaceOf.
  std::string label() const { return version.empty() ? name : name + "@" + version; }
  // Third-party or the user's own: code that can be blamed.
  bool is_userland() const { return kind == PackageKind::kModule || kind == PackageKind::kApp; }
};

struct Script {
  std::string path;  // as the heap has it, file:// decoded
  std::string file;  // relative to its package's folder (app: to the app's)
  PackageIndex package;
  uint32_t id = 0;         // V8's script id; 0 if no location names it
  NodeIndex node;          // the Script object
  uint64_t path_hash = 0;  // HashName(path)
};

// A place in code as people read it. Absent parts are empty or 0.
struct CodePlace {
  std::string package;  // Package::label(), "" where nothing tells
  std::string file;     // relative to the package
  uint32_t line = 0;    // 1-based; 0 unknown
  uint32_t column = 0;  // 1-based; 0 unknown
  std::string function;
  bool operator==(const CodePlace&) const = default;
};

// What a package.json says.
struct PackageManifest {
  std::string name;
  std::string version;
};
// `folder` is absolute. nullopt: there is none. May be empty (no disk).
using ManifestReader = std::function<std::optional<PackageManifest>(const std::string& folder)>;

struct PackageMap {
  std::vector<Package> packages;                        // by PackageIndex; 0 is (unattributed)
  std::vector<Script> scripts;                          // by ScriptIndex
  std::unordered_map<uint32_t, ScriptIndex> script_of;  // by V8's script id
  Array<uint16_t> direct;          // by node: the package the node itself tells, 0 if it does not
  Array<uint16_t> charged;         // by node: direct, or of the nearest dominator that has one
  Array<uint32_t> script_of_code;  // by node, for closures, scopes, functions: 1 + ScriptIndex

  const Package& package(PackageIndex p) const { return packages[p.value()]; }
  PackageIndex direct_package(NodeIndex n) const { return PackageIndex(direct[n.value()]); }
  PackageIndex charged_package(NodeIndex n) const { return PackageIndex(charged[n.value()]); }
  const Script* FindScript(uint32_t script_id) const;
  // The script of a closure, scope (context) or shared function; nullptr if unknown.
  const Script* script_of_function(NodeIndex n) const;
  // label() of the package, "" for (unattributed): what JSON writes as null.
  std::string LabelOf(PackageIndex p) const;
  // A V8 position (0-based) in people's terms. `function` is left empty.
  CodePlace PlaceOf(const ScriptPosition& position) const;
  CodePlace PlaceOf(const Location& location) const;
};

PackageMap ComputePackages(const HeapGraph& graph, const NameHashes& names, const CodeModel& code,
                           const DominatorTree& dominators,
                           const ManifestReader& read_manifest = {});

// The package to show beside a class: its constructor's, "" if the class has no location.
std::string PackageOfClass(const PackageMap& packages, const ClassKey& key);

}  // namespace leaktrail
