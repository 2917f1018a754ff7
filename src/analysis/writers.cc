#include "analysis/writers.h"

#include <algorithm>
#include <array>
#include <span>

namespace leaktrail {
namespace {

constexpr int kMakesClosure = 10;
constexpr int kMakesLiteral = 6;
constexpr int kConstructs = 4;
constexpr int kNamesProperty = 4;
constexpr int kAdds = 3;
constexpr int kAddsToProperty = 3;  // names both
constexpr int kNamesKeys = 3;
constexpr int kMetShape = 1;
constexpr int kNamed = 1;
constexpr int kRemoves = -2;
constexpr int kEnough = 3;

constexpr std::array<uint64_t, 3> kArrayAdds = {HashName("push"), HashName("unshift"),
                                                HashName("splice")};
constexpr std::array<uint64_t, 1> kMapAdds = {HashName("set")};
constexpr std::array<uint64_t, 1> kSetAdds = {HashName("add")};
constexpr std::array<uint64_t, 8> kListenerAdds = {HashName("on"),
                                                   HashName("once"),
                                                   HashName("addListener"),
                                                   HashName("addEventListener"),
                                                   HashName("prependListener"),
                                                   HashName("then"),
                                                   HashName("setInterval"),
                                                   HashName("setTimeout")};
constexpr std::array<uint64_t, 9> kRemovals = {HashName("shift"),
                                               HashName("pop"),
                                               HashName("delete"),
                                               HashName("clear"),
                                               HashName("removeListener"),
                                               HashName("off"),
                                               HashName("clearTimeout"),
                                               HashName("clearInterval"),
                                               HashName("removeEventListener")};

bool MentionsAny(const FunctionFacts& f, std::span<const uint64_t> names) {
  return std::any_of(names.begin(), names.end(), [&](uint64_t n) { return f.mentions(n); });
}

std::span<const uint64_t> AddsOf(std::string_view container) {
  if (container == "Array") return kArrayAdds;
  if (container == "Set" || container == "WeakSet") return kSetAdds;
  if (container.ends_with("Map") || container.ends_with("Registry")) return kMapAdds;
  return kListenerAdds;
}

}  // namespace

std::vector<Writer> RankWriters(const HeapGraph& graph, const CodeModel& code,
                                const std::vector<FunctionFacts>& functions,
                                const WriterClues& clues) {
  const std::span<const uint64_t> adds = AddsOf(clues.container_class);
  std::vector<Writer> out;
  for (const FunctionFacts& f : functions) {
    int score = 0;
    if (clues.item_function.valid() && f.makes.count(clues.item_function.value()) != 0) {
      score += kMakesClosure;
    }
    if (clues.item_shape.valid()) {
      if (f.literal_shapes.count(clues.item_shape.value()) != 0) score += kMakesLiteral;
      if (f.shapes.count(clues.item_shape.value()) != 0) score += kMetShape;
    }
    if (clues.item_constructor.valid() && f.calls.count(clues.item_constructor.value()) != 0) {
      score += kConstructs;
    }
    const bool names_it = MentionsAny(f, clues.property), adds_one = MentionsAny(f, adds);
    score += names_it ? kNamesProperty : 0;
    score += adds_one ? kAdds : 0;
    score += names_it && adds_one ? kAddsToProperty : 0;
    if (clues.item_keys.size() >= 2 && std::all_of(clues.item_keys.begin(), clues.item_keys.end(),
                                                   [&](uint64_t key) { return f.mentions(key); })) {
      score += kNamesKeys;
    }
    if (score < kEnough) continue;
    if (MentionsAny(f, kRemovals)) score += kRemoves;
    const NodeIndex named = f.closure.valid() ? f.closure : f.function;
    if (!FunctionName(graph, code, named).empty()) score += kNamed;
    out.push_back({&f, score});
  }
  std::stable_sort(out.begin(), out.end(),
                   [](const Writer& a, const Writer& b) { return a.score > b.score; });
  return out;
}

}  // namespace leaktrail
