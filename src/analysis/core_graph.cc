#include "analysis/core_graph.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "analysis/node_marks.h"
#include "base/parallel.h"

namespace leaktrail {
namespace {

class CoreBuilder {
 public:
  CoreBuilder(const HeapGraph& graph, Array<uint8_t>& marks, unsigned threads,
              const HubSampleRule& rule, const std::vector<uint32_t>& exempt)
      : graph_(graph),
        threads_(threads),
        first_edge_(graph.columns().first_edge.data()),
        edge_(graph.columns().edge.data()),
        n_(graph.node_count()),
        first_ephemeron_(static_cast<uint32_t>(std::min<uint64_t>(
            uint64_t{graph.strings().first_ephemeron()} << RawEdge::kTypeBits, 0xFFFFFFFFu))),
        marks_(marks),
        rule_(rule),
        exempt_(exempt) {
    record_ = Array<uint32_t>(n_);
  }

  CoreGraph Run() {
    if (n_ >= CoreGraph::kLastEdge) throw std::bad_alloc();
    marks_[0] |= NodeMark::kReplaced;
    core_.last = RankedBits(n_);
    MarkLastNodes();
    core_.last.Seal();
    ChooseHubs();
    // More than most heaps take; what is not written to costs nothing.
    Reserve(static_cast<uint32_t>(std::min<uint64_t>(2 * uint64_t{n_} + 2, CoreGraph::kLastEdge)));
    Add(CoreGraph::kUnvisited);
    Add(CoreGraph::kRootRecord | CoreGraph::kLastEdge);
    core_.core_count = 1;
    for (uint32_t u = n_; --u > 0;) {
      if (InCore(u)) AddRecord(u);
    }
    core_.words.Resize(size_);
    core_.sample.Seal();
    ParallelBlocks(threads_, n_ - 1, kNodeBlock, [&](size_t first, size_t last) {
      auto u = static_cast<uint32_t>(n_ - 1 - first);
      const auto below = static_cast<uint32_t>(n_ - 1 - last);
      const uint32_t end = FirstRecordFrom(below);
      for (; u > below; --u) {
        if (InCore(u)) LeadToRecords(record_[u], end);
      }
    });
    KeepRecordsOfCore();
    return std::move(core_);
  }

 private:
  // Ascending. Few are, so eight marks are looked at at once.
  std::vector<uint32_t> NodesMarked(uint8_t mark) const {
    std::vector<uint32_t> nodes;
    const uint64_t in_any = mark * uint64_t{0x0101010101010101};
    for (uint32_t u = 0; u < n_;) {
      uint64_t eight;
      if (n_ - u >= sizeof(eight)) {
        std::memcpy(&eight, marks_.data() + u, sizeof(eight));
        if ((eight & in_any) == 0) {
          u += sizeof(eight);
          continue;
        }
      }
      const uint32_t end = u + std::min<uint32_t>(n_ - u, sizeof(eight));
      for (; u < end; ++u) {
        if ((marks_[u] & mark) != 0) nodes.push_back(u);
      }
    }
    return nodes;
  }

  // What many nodes lead to comes before them in most heaps, but has to be known when they are
  // looked at.
  void MarkLastNodes() {
    const std::vector<uint32_t> many = NodesMarked(NodeMark::kMany);
    for (size_t i = many.size(); i-- > 0;) {
      const uint32_t u = many[i];
      constexpr uint8_t kAll = NodeMark::kMany | NodeMark::kReplaced | NodeMark::kKept;
      if ((marks_[u] & kAll) != NodeMark::kMany) continue;
      const bool all_outer =
          std::all_of(edge_ + first_edge_[u], edge_ + first_edge_[u + 1], [&](const RawEdge& e) {
            return e.type() == EdgeType::kWeak ||
                   (!IsSpecial(u, e) && (SaysNothing(e.target) || e.target == u));
          });
      if (!all_outer) continue;
      marks_[u] |= NodeMark::kOuter | NodeMark::kLast;
      record_[u] = kOuterRecord;
      core_.last.insert(u);
    }
  }

  // Which of the nodes marked kSampled are.
  void ChooseHubs() {
    constexpr uint8_t kOthers = NodeMark::kReplaced | NodeMark::kKept | NodeMark::kOuter;
    std::vector<uint32_t> hubs;
    for (uint32_t u : NodesMarked(NodeMark::kSampled)) {
      if ((marks_[u] & kOthers) != 0 || hubs.size() == HubSample::kMostHubs ||
          std::binary_search(exempt_.begin(), exempt_.end(), u)) {
        marks_[u] &= static_cast<uint8_t>(~NodeMark::kSampled);
      } else {
        hubs.push_back(u);
      }
    }
    core_.sample = HubSample(graph_, std::move(hubs), rule_);
  }

  static bool MarkSaysNothing(uint8_t mark) {
    return (mark & (NodeMark::kOuter | NodeMark::kReplaced)) != 0;
  }
  bool SaysNothing(uint32_t target) const { return MarkSaysNothing(marks_[target]); }
  // Of an edge that is not weak.
  bool IsSpecial(uint32_t from, const RawEdge& edge) const {
    return edge.target == 0 || edge.type() == EdgeType::kShortcut ||
           IsEphemeronOfTable(graph_, from, edge);
  }

  // False for nearly all edges.
  bool MayBeSpecial(const RawEdge& edge) const {
    constexpr uint32_t kRare = 1u << static_cast<unsigned>(EdgeType::kWeak) |
                               1u << static_cast<unsigned>(EdgeType::kShortcut);
    const auto type = static_cast<unsigned>(edge.type());
    return ((kRare >> type & 1) | (edge.target == 0) |
            ((edge.type() == EdgeType::kInternal) & (edge.label >= first_ephemeron_))) != 0;
  }

  // Makes an outer node of it instead if it can.
  void AddRecord(uint32_t u) {
    Reserve(2 + first_edge_[u + 1] - first_edge_[u]);
    const uint32_t begin = size_;
    bool special = false;
    const bool single = (marks_[u] & (NodeMark::kSingle | NodeMark::kReplaced)) != 0;
    Add(CoreGraph::kUnvisited | (single ? CoreGraph::kSingleFlag : 0) |
        ((marks_[u] & NodeMark::kMany) != 0 ? CoreGraph::kManyFlag : 0));
    uint32_t* out = core_.words.data() + size_;
    const uint8_t* const marks = marks_.data();
    const RawEdge* const end = edge_ + first_edge_[u + 1];
    for (const RawEdge* e = edge_ + first_edge_[u]; e != end; ++e) {
      const uint32_t target = e->target;
      if (e - edge_ >= kAhead) __builtin_prefetch(&marks[(e - kAhead)->target]);
      *out = target;
      const uint8_t mark = marks[target];
      if (MayBeSpecial(*e)) {
        if (e->type() == EdgeType::kWeak) continue;
        if (IsSpecial(u, *e)) {
          special = true;
          continue;
        }
      }
      bool counts = !MarkSaysNothing(mark) & (target != u);
      if (counts && (mark & NodeMark::kSampled) != 0) counts = core_.sample.Keep(u, *e);
      out += counts;
    }
    size_ = static_cast<uint32_t>(out - core_.words.data());
    if (special) {
      core_.special.push_back(u);
      marks_[u] |= NodeMark::kSpecial;
    } else if (size_ == begin + 1 && (marks_[u] & kNeverOuter) == 0) {
      marks_[u] |= NodeMark::kOuter;
      record_[u] = kOuterRecord;
      size_ = begin;
      return;
    }
    if (size_ == begin + 1) Add(0);
    core_.words[size_ - 1] |= CoreGraph::kLastEdge;
    record_[u] = begin;
    ++core_.core_count;
  }

  bool InCore(uint32_t node) const { return (marks_[node] & NodeMark::kOuter) == 0; }

  // Records stand in descending order of their nodes: where that of the highest core node up to
  // `node` begins.
  uint32_t FirstRecordFrom(uint32_t node) const {
    while (node > 0 && !InCore(node)) --node;
    return node > 0 ? record_[node] : size_;
  }

  // Nodes become records in the edges of one record; those that are outer nodes by now go. Looks no
  // further than `end`, where other threads may be at work.
  void LeadToRecords(uint32_t begin, uint32_t end) {
    uint32_t out = begin + 1;
    for (uint32_t in = out;; ++in) {
      const uint32_t node = core_.words[in] & ~CoreGraph::kLastEdge;
      const bool last = core_.words[in] >= CoreGraph::kLastEdge;
      if (in + kAhead < end) {
        __builtin_prefetch(&record_[core_.words[in + kAhead] & (CoreGraph::kLastEdge - 1)]);
      }
      core_.words[out] = record_[node];
      out += core_.words[out] != kOuterRecord;
      if (last) break;
    }
    if (out == begin + 1) core_.words[out++] = CoreGraph::kRootRecord;
    core_.words[out - 1] |= CoreGraph::kLastEdge;
  }

  // In every block the records of its core nodes move to its beginning, then the blocks together.
  void KeepRecordsOfCore() {
    core_.core = RankedBits(n_);
    ParallelBlocks(threads_, n_, kNodeBlock, [&](size_t first, size_t last) {
      size_t out = first;
      for (size_t u = first; u < last; ++u) {
        const bool in_core = InCore(static_cast<uint32_t>(u));
        core_.core.insert_if(in_core, u);
        record_[out] = record_[u];
        out += in_core ? 1 : 0;
      }
    });
    const uint32_t count = core_.core.Seal();
    for (size_t first = kNodeBlock; first < n_; first += kNodeBlock) {
      const uint32_t before = core_.core.Rank(first);
      const uint32_t end = first + kNodeBlock < n_ ? core_.core.Rank(first + kNodeBlock) : count;
      std::memmove(&record_[before], &record_[first], (end - before) * sizeof(uint32_t));
    }
    record_.Resize(count);
    core_.record_of = std::move(record_);
  }

  void Reserve(uint32_t count) {
    const uint64_t needed = uint64_t{size_} + count;
    if (needed > CoreGraph::kLastEdge) throw std::bad_alloc();
    if (needed > core_.words.size()) {
      core_.words.Resize(std::max<uint64_t>({needed, 2 * uint64_t{core_.words.size()}, 1024}));
    }
  }
  void Add(uint32_t word) { core_.words[size_++] = word; }

  static constexpr uint8_t kNeverOuter = NodeMark::kReplaced | NodeMark::kKept | NodeMark::kSampled;
  static constexpr uint32_t kAhead = 48;  // edges
  static constexpr uint32_t kOuterRecord = 0xFFFFFFFFu;
  static constexpr size_t kNodeBlock = size_t{1} << 16;
  const HeapGraph& graph_;
  const unsigned threads_;
  const uint32_t* first_edge_;
  const RawEdge* edge_;
  const uint32_t n_;
  const uint32_t first_ephemeron_;  // smallest label of an edge that may be named for a WeakMap
  Array<uint8_t>& marks_;
  const HubSampleRule& rule_;
  const std::vector<uint32_t>& exempt_;
  CoreGraph core_;
  Array<uint32_t> record_;  // by node; kOuterRecord for outer nodes
  uint32_t size_ = 0;
};

}  // namespace

CoreGraph BuildCoreGraph(const HeapGraph& graph, Array<uint8_t>& marks, unsigned threads,
                         const HubSampleRule& rule, const std::vector<uint32_t>& exempt) {
  return CoreBuilder(graph, marks, threads, rule, exempt).Run();
}

}  // namespace leaktrail
