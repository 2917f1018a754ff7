#include "analysis/function_facts.h"

#include <algorithm>
#include <array>
#include <unordered_map>

namespace leaktrail {
namespace {

constexpr std::array<uint64_t, 4> kCodeEdges = {
    HashName("function_data"), HashName("trusted_function_data"),
    HashName("untrusted_function_data"), HashName("interpreter_data")};
constexpr uint64_t kMap = HashName("map");
constexpr uint64_t kConstantPool = HashName("(constant pool)");
constexpr uint64_t kFeedbackCell = HashName("feedback_cell");
constexpr uint64_t kFeedbackVectorCell = HashName("feedback_vector_cell");
constexpr uint64_t kFeedbackVector = HashName("system / FeedbackVector");
constexpr uint64_t kManyShapes = HashName("system / WeakFixedArray");
constexpr uint64_t kValue = HashName("value");
constexpr uint64_t kAllocationSite = HashName("system / AllocationSite");
constexpr uint64_t kTransitionInfo = HashName("transition_info");
constexpr uint64_t kBoilerplate = HashName("boilerplate");

bool IsString(NodeType t) { return t == NodeType::kString || t == NodeType::kConsString; }

class Collector {
 public:
  Collector(const HeapGraph& graph, const NameHashes& names, const CodeModel& code)
      : g_(graph), names_(names), code_(code) {}

  void ReadCode(FunctionFacts& f) const {
    for (const EdgeIndex e : g_.edges_of(f.function)) {
      if (Internal(e) && Is(e, kCodeEdges)) ReadBytecode(f, g_.target(e), 0);
    }
  }

  void ReadFeedback(FunctionFacts& f, NodeIndex closure) const {
    const NodeIndex cell = FollowAny(closure, kFeedbackCell, kFeedbackVectorCell);
    if (!cell.valid()) return;
    const NodeIndex vector = FollowAny(cell, kValue, kValue);
    if (!vector.valid()) return;
    std::unordered_map<uint32_t, int> here;
    f.runs |= names_.of(g_.name(vector)) == kFeedbackVector;
    for (const EdgeIndex e : g_.edges_of(vector)) {
      const NodeIndex t = g_.target(e);
      switch (g_.type(t)) {
        case NodeType::kClosure:
          f.calls.insert(t.value());
          f.has_code = true;
          break;
        case NodeType::kObjectShape:
        case NodeType::kHidden:
        case NodeType::kCode:
          if (names_.of(g_.name(t)) == kAllocationSite) {
            ReadLiteral(f, t);
          } else {
            // Closures of one function may have a vector each; places of one are counted.
            f.met_many_shapes |= names_.of(g_.name(t)) == kManyShapes;
            const int places = ++here[t.value()];
            f.shapes[t.value()] = std::max(f.shapes[t.value()], places);
          }
          break;
        default:
          break;
      }
    }
  }

 private:
  static constexpr int kMaxDepth = 3;

  bool Internal(EdgeIndex e) const { return g_.edge_type(e) == EdgeType::kInternal; }
  template <size_t N>
  bool Is(EdgeIndex e, const std::array<uint64_t, N>& set) const {
    return std::find(set.begin(), set.end(), names_.of(g_.edge_name(e))) != set.end();
  }
  NodeIndex FollowAny(NodeIndex n, uint64_t a, uint64_t b) const {
    for (const EdgeIndex e : g_.edges_of(n)) {
      if (!Internal(e)) continue;
      const uint64_t h = names_.of(g_.edge_name(e));
      if (h == a || h == b) return g_.target(e);
    }
    return NodeIndex::None();
  }

  // Down from compiled code to the bytecode and its constants.
  void ReadBytecode(FunctionFacts& f, NodeIndex n, int depth) const {
    for (const EdgeIndex e : g_.edges_of(n)) {
      if (g_.edge_type(e) == EdgeType::kWeak) continue;
      const NodeIndex t = g_.target(e);
      const NodeType type = g_.type(t);
      const bool pool = names_.of(g_.name(t)) == kConstantPool ||
                        (type == NodeType::kArray && g_.edge_type(e) != EdgeType::kProperty);
      if (pool) {
        ReadConstants(f, t);
      } else if (depth < kMaxDepth && Internal(e) && Is(e, kCodeEdges)) {
        ReadBytecode(f, t, depth + 1);
      }
    }
  }

  void ReadConstants(FunctionFacts& f, NodeIndex pool) const {
    f.has_code = true;
    for (const EdgeIndex e : g_.edges_of(pool)) {
      const NodeIndex t = g_.target(e);
      if (IsString(g_.type(t))) {
        f.names.insert(names_.of(g_.name(t)));
      } else if (code_.function(t) == t) {
        f.makes.insert(t.value());
      }
    }
  }

  void ReadLiteral(FunctionFacts& f, NodeIndex site) const {
    const NodeIndex sample = FollowAny(site, kTransitionInfo, kBoilerplate);
    if (!sample.valid()) return;
    const NodeIndex shape = ShapeOf(g_, names_, sample);
    if (shape.valid()) f.literal_shapes.insert(shape.value());
  }

  const HeapGraph& g_;
  const NameHashes& names_;
  const CodeModel& code_;
};

}  // namespace

NodeIndex ShapeOf(const HeapGraph& graph, const NameHashes& names, NodeIndex object) {
  for (const EdgeIndex e : graph.edges_of(object)) {
    if (graph.edge_type(e) == EdgeType::kInternal && names.of(graph.edge_name(e)) == kMap) {
      return graph.target(e);
    }
  }
  return NodeIndex::None();
}

std::vector<FunctionFacts> CollectFunctionFacts(const HeapGraph& graph, const NameHashes& names,
                                                const CodeModel& code,
                                                const std::unordered_set<uint32_t>& script_nodes) {
  std::vector<FunctionFacts> out;
  std::unordered_map<uint32_t, size_t> position;
  const Collector collector(graph, names, code);
  for (const NodeIndex f : code.functions) {
    if (script_nodes.count(code.script(f).value()) == 0) continue;
    FunctionFacts facts;
    facts.function = f;
    collector.ReadCode(facts);
    position.emplace(f.value(), out.size());
    out.push_back(std::move(facts));
  }
  // Closures of one function share their feedback as a rule; a few of them are enough.
  constexpr int kMaxClosures = 4;
  std::unordered_map<uint32_t, int> visited;
  for (const NodeIndex n : graph.nodes()) {
    if (graph.type(n) != NodeType::kClosure) continue;
    const NodeIndex f = code.function(n);
    if (!f.valid()) continue;
    const auto it = position.find(f.value());
    if (it == position.end()) continue;
    FunctionFacts& facts = out[it->second];
    if (!facts.closure.valid() || graph.FindLocation(facts.closure) == nullptr) facts.closure = n;
    if (visited[f.value()]++ < kMaxClosures) collector.ReadFeedback(facts, n);
  }
  std::erase_if(out, [](const FunctionFacts& f) { return !f.has_code; });
  return out;
}

}  // namespace leaktrail
