// One unit of a generated heap: a request of the service with everything it drags along, or a
// sample that the service's leaking dependency keeps.
//
//   CacheEntry -> Request -> headers, Account -> Address -> numbers
//      |  |          |-----> Parcel[] -> Request (back), numbers, notes
//    newer older     |-----> Map of events, cons strings, Channel -> closures -> contexts
//                    |-----> and, for some: a JSON document with shapes of its own, a tree,
//                            a promise with reactions, a buffer, a regular expression
//
// A unit depends on seed, number and kind alone, apart from a few edges to other units, which
// depend on who is alive. Its number of nodes never does: so ids can be handed out in order of
// creation and stay the same in all snapshots of the process.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "generator/base_heap.h"
#include "generator/model.h"

namespace leaktrail::bench {

enum class UnitKind : std::uint8_t { kRequest, kSample };

// The nodes of a unit are spread over so many parts of the file, each with an order of its own.
inline constexpr std::uint32_t kRegionCount = 4;

inline constexpr std::uint32_t kNoUnit = 0xffffffff;

// Every second request has a profile in the WeakMap; its node is then the third of the unit.
inline bool HasProfile(std::uint32_t unit) { return unit % 2 == 0; }

// The units that a unit refers to.
struct Neighbours {
  std::uint32_t older = kNoUnit;
  std::uint32_t newer = kNoUnit;
  std::uint32_t related[2] = {kNoUnit, kNoUnit};
};

class Unit {
 public:
  struct Node {
    NodeType type = NodeType::kObject;
    std::uint8_t region = 0;  // of the file; 0 stands in order of birth
    std::uint8_t wave = 0;    // V8 numbers nodes wave by wave as it meets them; 0 are the heads
    Label name;
    std::uint64_t self_size = 0;
    std::uint32_t location = 0;
    std::uint32_t first_edge = 0;  // into edges, once the unit is complete
    std::uint32_t edge_count = 0;
  };

  std::span<const Node> nodes() const { return nodes_; }
  std::span<const Edge> edges_of(const Node& node) const {
    return std::span(edges_).subspan(node.first_edge, node.edge_count);
  }
  std::size_t edge_count() const { return edges_.size(); }
  std::size_t string_count() const { return string_ends_.size(); }
  std::string_view string(std::size_t i) const {
    const std::size_t begin = i == 0 ? 0 : string_ends_[i - 1];
    return std::string_view(text_).substr(begin, string_ends_[i] - begin);
  }

 private:
  friend class UnitBuilder;
  std::vector<Node> nodes_;
  std::vector<Edge> edges_;
  std::vector<std::size_t> string_ends_;
  std::string text_;
};

// Not for several threads at once: it reuses memory of its own.
class UnitBuilder {
 public:
  UnitBuilder(BaseHeap& base, std::uint64_t seed);

  // Overwrites `unit`. `first_id` is the id of the unit's first node.
  void Build(std::uint32_t number, UnitKind kind, const Neighbours& neighbours,
             std::uint32_t first_id, Unit& unit);

 private:
  using LocalNode = std::uint32_t;
  struct PendingEdge {
    LocalNode from;
    Edge edge;
  };
  LocalNode Add(NodeType type, Label name, std::uint64_t self_size);
  void Link(LocalNode from, EdgeType type, Label label, LocalNode to);
  void LinkBase(LocalNode from, EdgeType type, Label label, BaseNode to);
  void LinkUnit(LocalNode from, EdgeType type, Label label, Target::Kind kind, std::uint32_t unit);
  void MapOf(LocalNode node, BaseNode map);
  Label AddText(std::string_view text);
  void Scatter();

  LocalNode AddInstance(const ClassTemplate& of, std::uint64_t self_size);
  LocalNode AddPlain(const ShapeTemplate& shape);
  LocalNode AddUniqueString(std::string_view prefix);
  LocalNode AddRepeatedString();
  LocalNode AddConsString();
  LocalNode AddNumber();
  LocalNode AddList(std::uint32_t capacity);
  void AddElement(LocalNode list, std::uint32_t index, LocalNode element);
  LocalNode AddTable(LocalNode owner, std::uint32_t capacity);
  LocalNode AddContext(const FunctionTemplate& function, Label slot, LocalNode holds);
  LocalNode AddClosure(const FunctionTemplate& function, LocalNode context);
  LocalNode AddOwnShape(const ShapeTemplate& grown_from, std::uint32_t extra);
  LocalNode AddDocument(std::uint32_t depth);
  LocalNode AddTree(std::uint32_t depth);
  void AddAccount(LocalNode request);
  void AddParcels(LocalNode request, const Neighbours& neighbours);
  void AddHistory(LocalNode request);
  void AddChannel(LocalNode request);
  void AddHandlers(LocalNode request);
  void AddPromise(LocalNode request);
  void AddBuffer(LocalNode request);
  void AddOddities(LocalNode request, const Neighbours& neighbours);
  void BuildRequest(const Neighbours& neighbours, std::uint32_t first_id);
  void BuildSample(const Neighbours& neighbours);
  void SortEdges();

  const BaseHeap& base_;
  const Palette& palette_;
  std::uint64_t seed_;
  Random random_{0};
  std::uint32_t number_ = 0;
  std::uint32_t next_text_ = 0;
  std::uint8_t region_ = 0;
  std::uint8_t wave_ = 0;
  LocalNode account_ = 0;
  Unit* unit_ = nullptr;
  std::vector<PendingEdge> pending_;
  std::vector<Label> phrases_;
  std::uint32_t profile_table_id_ = 0;

  Label proto_, map_, key_, value_, newer_, older_, url_, method_, headers_, account_label_,
      parcels_, history_, channel_, started_at_, name_, email_, address_, roles_, token_, street_,
      city_, geo_, request_label_, label_, weight_, note_, events_, max_listeners_, owner_, close_,
      data_, self_, left_, right_, cost_, path_, labels_, timer_, taken_at_, sample_label_,
      on_tick_, tags_, elements_, table_, properties_, descriptors_, prototype_, back_pointer_,
      dependent_code_, enum_cache_, transition_, transitions_, feedback_cell_, shared_, context_,
      code_, scope_info_, previous_, first_, second_, parent_, backing_store_, reactions_, target_,
      visits_, seen_, document_, route_, promise_, body_, pattern_, big_, related_, source_,
      getter_, on_done_, on_error_;
  Label cons_name_, sliced_name_, heap_number_, array_name_, elements_name_, properties_name_,
      context_name_, map_name_, descriptor_name_, transition_name_, reaction_name_,
      backing_store_name_, bigint_name_, accessor_name_, regexp_data_name_, weak_cell_name_;
};

}  // namespace leaktrail::bench
