#include "analysis/writers.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "base/ascii.h"

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

// The first or last word of a name: "set", "hashSet", "add_entry".
bool NamedForAdding(std::string_view name) {
  constexpr std::array<std::string_view, 9> kWords = {
      "set", "add", "put", "push", "insert", "append", "store", "save", "register"};
  return std::any_of(kWords.begin(), kWords.end(), [&](std::string_view word) {
    if (name.size() < word.size()) return false;
    const auto matches = [&](size_t at) {
      for (size_t i = 0; i < word.size(); ++i) {
        if (ToLower(name[at + i]) != word[i]) return false;
      }
      return true;
    };
    const size_t rest = name.size() - word.size();
    if (rest == 0) return matches(0);
    const char next = name[word.size()];
    const bool first = matches(0) && (IsUpper(next) || next == '_');
    const bool last = matches(rest) && (IsUpper(name[rest]) || name[rest - 1] == '_');
    return first || last;
  });
}

std::pair<uint32_t, uint32_t> LineOf(const HeapGraph& graph, const FunctionFacts& f) {
  const Location* at = f.closure.valid() ? graph.FindLocation(f.closure) : nullptr;
  return at == nullptr ? std::pair(~0u, ~0u) : std::pair(at->line, at->column);
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
    const std::string name = FunctionName(graph, code, named);
    if (!name.empty()) score += kNamed;
    out.push_back({&f, score, NamedForAdding(name)});
  }
  // Of like evidence: what runs all the time, what is called after adding, the first in the file.
  const auto before = [&](const Writer& a, const Writer& b) {
    if (a.score != b.score) return a.score > b.score;
    if (a.facts->runs != b.facts->runs) return a.facts->runs;
    if (a.named_for_adding != b.named_for_adding) return a.named_for_adding;
    return LineOf(graph, *a.facts) < LineOf(graph, *b.facts);
  };
  std::stable_sort(out.begin(), out.end(), before);
  return out;
}

}  // namespace leaktrail
