// The dominator trees of several snapshots, merged: nodes with the same way from the root are one.
//
//   root ─▶ (closure) handler app.js:9 ─context▶ Context ─quotes▶ Map ─[]▶ Quote ×4000 ─lines▶
//   Array
//
// A way is the sequence of (class, edge) over the *visible* dominators. Made invisible are V8's
// inner parts: arrays behind arrays and maps, property stores, cells and reactions count for the
// visible node that dominates them, compiled code and shapes ("noise", with all below them) count
// for nothing, since warming up makes them. Elements and keys of large dictionaries are one edge,
// "[]". A chain folds: a step like one of the last steps before it is that step again, so a linked
// list of 10,000 is two nodes here and a tree a handful.
//
// Since a dominator is on every way from the root, nothing here depends on which retainer a search
// happened to meet first, and all instances are counted, not a sample.
//
// Classes are compared by name and constructor position, positions by the script's path, so trees
// of different processes merge as well.
//
// Cost: one walk per snapshot, a hash probe for each visible node; 8 bytes a node for the snapshot
// at hand. The number of ways is bounded by kMaxWays; what is beyond stays with its parent.
// Threads: Add from one thread at a time; it uses several inside.
#pragma once

#include <cstdint>
#include <vector>

#include "analysis/code_model.h"
#include "analysis/dominators.h"
#include "analysis/names.h"
#include "analysis/packages.h"
#include "base/array.h"
#include "base/index.h"
#include "heap/graph.h"

namespace leaktrail {

struct WayTag;
using WayIndex = Index<WayTag>;

// How a node counts. Source: what the nodes are in V8, heap-snapshot-generator.cc.
enum class NodeRole : uint8_t {
  kVisible,   // what a programmer knows: objects, closures, scopes, strings
  kAbsorbed,  // part of the visible node above it
  kNoise,     // code and shapes, and what only they hold
};

struct Way {
  uint32_t parent = 0;  // the root's is itself
  uint64_t class_hash = 0;
  uint64_t edge_hash = 0;
  uint32_t depth = 0;
  bool many = false;        // the edge stands for many: elements, dictionary keys
  bool dictionary = false;  // children's property names are keys
};

struct WayCounts {              // of one snapshot
  std::vector<uint32_t> count;  // visible nodes, by WayIndex
  std::vector<uint64_t> bytes;  // theirs and what they absorbed
};

// What the tree needs to know of one snapshot. Everything outlives the tree's use of it.
struct SnapshotView {
  const HeapGraph* graph = nullptr;
  const NameHashes* names = nullptr;
  const CodeModel* code = nullptr;
  const PackageMap* packages = nullptr;
  const DominatorTree* dominators = nullptr;
};

// By node of one snapshot.
struct NodeWays {
  Array<uint32_t> way;      // WayIndex; absorbed nodes have their visible node's
  Array<uint32_t> visible;  // the node itself, or the visible node that it counts for
  Array<uint8_t> role;      // NodeRole
};

// Between processes the way to a scope differs with every accident of dominance; there each closure
// and scope that has a script begins a way of its own.
enum class WaysFrom : uint8_t { kRoot, kCode };

class TrailTree {
 public:
  explicit TrailTree(WaysFrom from = WaysFrom::kRoot, unsigned threads = 1);

  // The last snapshot must come first: whether an object is a dictionary is decided there.
  NodeWays Add(const SnapshotView& view);

  size_t size() const { return ways_.size(); }
  const Way& way(uint32_t i) const { return ways_[i]; }

 private:
  static constexpr size_t kMaxWays = size_t{1} << 24;
  static constexpr int kFoldDepth = 10;

  uint32_t ChildOf(uint32_t parent, uint64_t class_hash, uint64_t edge_hash, bool many);
  void Grow();

  WaysFrom from_;
  unsigned threads_;
  std::vector<Way> ways_;
  std::vector<uint32_t> slots_;  // open addressing: way + 1
};

// Of the node by itself, whatever is above it.
NodeRole RoleByType(const HeapGraph& graph, const NameHashes& names, NodeIndex n);
// Internal edges from an object or closure to its code and shape.
bool IsNoiseEdgeName(uint64_t name_hash);

// Class of a node as the tree compares it.
uint64_t ClassHash(const SnapshotView& view, NodeIndex n, const Location* location);

}  // namespace leaktrail
