// Writes a generated heap as a .heapsnapshot, section by section.
//
// The file's header tells the counts and every edge tells the position of its target, so a first
// pass builds all units and notes how much each one takes; then each section is a pass that builds
// them again. Kept are the base heap and some twenty bytes for each unit.
//
// Order of nodes: the base heap, four regions, the long strings, a node of the C++ heap. Each
// region holds a part of every unit, the first one in order of birth, the others in orders of their
// own. Units go in blocks of some twenty, and inside a block wave by wave, as V8 numbers nodes when
// it meets them: so edges lead to the next node, some hundred nodes on, or to the other end of the
// file, in about the shares seen in files of real services.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "generator/base_heap.h"
#include "generator/population.h"
#include "generator/text_sink.h"
#include "generator/unit.h"

namespace leaktrail::bench {

struct LongStrings {
  std::uint32_t count = 0;
  std::uint32_t length = 1000;  // UTF-16 units, V8 cuts at 1024
};

struct SnapshotCounts {
  std::uint64_t nodes = 0;
  std::uint64_t edges = 0;
  std::uint64_t strings = 0;
  std::uint64_t bytes = 0;
};

class SnapshotWriter {
 public:
  SnapshotWriter(const BaseHeap& base, UnitBuilder& builder, const Population& population,
                 std::uint64_t seed, LongStrings long_strings);

  // Writes all of it; to be called once.
  SnapshotCounts Write(TextSink& sink);

 private:
  struct Place {
    std::uint32_t head_node = 0;
    std::uint32_t first_string = 0;
  };
  struct BlockPlace {
    std::uint32_t first_nodes[kRegionCount] = {};
  };
  struct Slot {
    std::uint32_t unit;  // in the block
    std::uint32_t node;  // in the unit
  };
  // The units of one block, built, with the positions of their nodes in the file.
  struct Block {
    std::vector<Unit> units;
    std::vector<std::uint32_t> numbers;
    std::vector<std::vector<std::uint32_t>> node_positions;
    std::vector<Slot> orders[kRegionCount];
    std::vector<std::vector<Slot>> waves[kRegionCount];
  };

  void Lay();
  void BuildBlock(std::uint32_t block);
  std::uint32_t block_count() const;
  std::uint32_t unit_at(std::uint32_t position) const;
  std::uint32_t live_count() const;
  std::uint32_t NodeAt(const Target& target, std::uint32_t unit_in_block) const;
  // Calls visit(slot) for every node of the region in file order, its block being built.
  template <class Visit>
  void ForEachNode(std::uint32_t region, Visit visit);
  std::uint32_t NextBlock(std::uint32_t block, std::uint32_t region) const;
  template <class Emit>
  void ForEachWideEdge(const WideNode& wide, Emit emit) const;

  void WriteHeader(TextSink& sink);
  void WriteNodes(TextSink& sink);
  void WriteEdges(TextSink& sink);
  void WriteLocations(TextSink& sink);
  void WriteStrings(TextSink& sink);
  void WriteNode(TextSink& sink, NodeType type, std::uint32_t name, std::uint64_t id,
                 std::uint64_t self_size, std::uint64_t edge_count, std::uint32_t detachedness);
  void WriteEdge(TextSink& sink, const Edge& edge, std::uint32_t unit_in_block);
  void WriteEdge(TextSink& sink, EdgeType type, std::uint32_t name, std::uint32_t node);
  void WriteLocation(TextSink& sink, std::uint64_t node, const Location& location);
  void Separate(TextSink& sink);
  std::uint32_t TextNumber(const Label& label, std::uint32_t first_string) const;
  std::uint32_t RequestNode(std::uint32_t unit) const { return places_[unit].head_node + 1; }

  const BaseHeap& base_;
  UnitBuilder& builder_;
  const Population& population_;
  std::uint64_t seed_;
  LongStrings long_strings_;
  bool node24_;
  std::uint32_t field_count_;
  bool is_first_ = true;

  std::vector<Place> places_;               // by unit number
  std::uint32_t steps_[kRegionCount] = {};  // from a block to the next one in a region
  std::uint32_t digit_count_ = 0;
  std::uint32_t first_digit_text_ = 0;
  std::uint32_t first_long_node_ = 0;
  std::uint32_t first_long_text_ = 0;
  std::vector<BlockPlace> block_places_;
  Block block_;
  std::vector<std::uint64_t> wide_edge_counts_;
  SnapshotCounts counts_;
};

}  // namespace leaktrail::bench
