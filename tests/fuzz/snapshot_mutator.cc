#include "tests/fuzz/snapshot_mutator.h"

#include <algorithm>
#include <vector>

#include "tests/support/random_snapshot.h"

namespace leaktrail::testing {
namespace {

struct Range {
  size_t begin, end;
};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

class Mutation {
 public:
  Mutation(const std::string& text, uint64_t seed) : text_(text), random_(seed) {}

  std::string Run() {
    if (text_.size() < 100 || random_.OneIn(12)) text_ = NewSnapshot();
    for (uint32_t i = 0; i < 1 + random_.Below(3); ++i) Once();
    return std::move(text_);
  }

 private:
  void Once() {
    switch (random_.Below(12)) {
      case 0:
        text_.resize(random_.Below(Size() + 1));
        break;
      case 1:
        RepeatOrCut(Rows());
        break;
      case 2:
        ChangeWord();
        break;
      case 3:
        InsertBytes();
        break;
      case 4:
        SwapSections();
        break;
      default:
        ChangeNumber();
    }
  }

  std::string NewSnapshot() {
    RandomOptions options;
    options.node_count = 1 + random_.Below(random_.OneIn(10) ? 80 : 15);
    options.edges_per_node = 0.5 + random_.Below(4);
    options.large_sizes = random_.OneIn(3);
    options.user_roots = !random_.OneIn(8);
    SnapshotModel model = RandomSnapshot(random_.Next(), options);
    // Edges that RandomSnapshot does not make: circles of strings, anything to anything.
    for (uint32_t i = 0; i < random_.Below(4); ++i) {
      ModelEdge e;
      const auto count = static_cast<uint32_t>(model.nodes.size());
      e.from = random_.Below(count);
      e.to = random_.Below(count);
      constexpr const char* kNames[] = {"first",  "second", "table",     "context",     "code",
                                        "shared", "next",   "_idleNext", "constructor", "script"};
      e.type = random_.OneIn(2) ? "internal" : "property";
      e.name = kNames[random_.Below(std::size(kNames))];
      model.edges.push_back(std::move(e));
    }
    return WriteSnapshot(model, kAllLayouts[random_.Below(3)]);
  }

  uint32_t Size() const { return static_cast<uint32_t>(text_.size()); }

  // A number somewhere, to another one that is near, far, too large or none at all.
  void ChangeNumber() {
    const size_t start = random_.Below(Size() + 1);
    size_t at = start;
    while (at < text_.size() && !IsDigit(text_[at])) ++at;
    while (at > 0 && at < text_.size() && IsDigit(text_[at - 1])) --at;
    size_t end = at;
    while (end < text_.size() && IsDigit(text_[end])) ++end;
    if (at == end) return;
    const std::string old = text_.substr(at, end - at);
    constexpr const char* kNumbers[] = {"0",
                                        "1",
                                        "2",
                                        "3",
                                        "4294967295",
                                        "4294967296",
                                        "4294967297",
                                        "536870911",
                                        "536870912",
                                        "18446744073709551615",
                                        "18446744073709551616",
                                        "99999999999999999999999999",
                                        "-1",
                                        "1.5",
                                        "1e3",
                                        "",
                                        "007",
                                        "2147483648",
                                        "1000000",
                                        "null",
                                        "\"a\"",
                                        "[]"};
    std::string fresh;
    switch (random_.Below(4)) {
      case 0:
        fresh = kNumbers[random_.Below(std::size(kNumbers))];
        break;
      case 1:
        fresh = std::to_string(random_.Below(200));
        break;
      default: {
        const uint64_t value = old.size() < 18 ? std::stoull(old) : 0;
        fresh = std::to_string(random_.OneIn(2)
                                   ? value + 1 + random_.Below(8)
                                   : value - std::min<uint64_t>(value, 1 + random_.Below(8)));
      }
    }
    text_.replace(at, end - at, fresh);
  }

  // Between two commas or brackets.
  Range Rows() {
    size_t begin = random_.Below(Size() + 1), end;
    while (begin > 0 && text_[begin - 1] != ',' && text_[begin - 1] != '[') --begin;
    end = begin;
    const uint32_t fields = 1 + random_.Below(14);
    for (uint32_t i = 0; i < fields && end < text_.size(); ++i) {
      end = std::min(text_.find_first_of(",]", end), text_.size());
      if (end < text_.size() && text_[end] == ',') ++end;
    }
    return {begin, end};
  }

  void RepeatOrCut(Range r) {
    const std::string part = text_.substr(r.begin, r.end - r.begin);
    switch (random_.Below(3)) {
      case 0:
        text_.erase(r.begin, r.end - r.begin);
        break;
      case 1:
        text_.insert(r.end, part);
        break;
      default: {
        std::string many;
        for (uint32_t i = 0; i < 1 + random_.Below(20) && many.size() < 5000; ++i) many += part;
        text_.insert(r.begin, many);
      }
    }
  }

  // Words that mean something to the reader or to an analysis.
  void ChangeWord() {
    constexpr const char* kWords[] = {"nodes",
                                      "edges",
                                      "strings",
                                      "locations",
                                      "snapshot",
                                      "meta",
                                      "node_fields",
                                      "node_types",
                                      "edge_fields",
                                      "edge_types",
                                      "location_fields",
                                      "type",
                                      "name",
                                      "id",
                                      "self_size",
                                      "edge_count",
                                      "to_node",
                                      "name_or_index",
                                      "detachedness",
                                      "trace_node_id",
                                      "object_index",
                                      "script_id",
                                      "line",
                                      "column",
                                      "hidden",
                                      "weak",
                                      "shortcut",
                                      "element",
                                      "property",
                                      "internal",
                                      "string",
                                      "array",
                                      "object",
                                      "native",
                                      "synthetic",
                                      "concatenated string",
                                      "closure",
                                      "node_count",
                                      "edge_count",
                                      "Object",
                                      "Array",
                                      "WeakMap",
                                      "(GC roots)",
                                      "Timeout",
                                      "system / Context",
                                      "/app/node_modules/a/index.js",
                                      "node:internal/timers",
                                      "first",
                                      "second",
                                      "elements",
                                      "\\u0000",
                                      "\\uD83D\\uDE00",
                                      "\\uD83D",
                                      "\\x",
                                      ""};
    const size_t open = text_.find('"', random_.Below(Size() + 1));
    if (open == std::string::npos) return;
    const size_t close = text_.find('"', open + 1);
    if (close == std::string::npos) return;
    text_.replace(open + 1, close - open - 1, kWords[random_.Below(std::size(kWords))]);
  }

  void InsertBytes() {
    constexpr char kBytes[] = "{}[],:\"\\ \n\t\r0-+.eEu\x00\x1F\x7F\x80\xFF";
    std::string run(1 + random_.Below(random_.OneIn(8) ? 300 : 3),
                    kBytes[random_.Below(sizeof kBytes - 1)]);
    text_.insert(random_.Below(Size() + 1), run);
  }

  void SwapSections() {
    std::vector<size_t> at;
    for (const char* name :
         {"\"nodes\"", "\"edges\"", "\"locations\"", "\"strings\"", "\"samples\""}) {
      const size_t found = text_.find(name);
      if (found != std::string::npos) at.push_back(found);
    }
    std::sort(at.begin(), at.end());
    if (at.size() < 3) return;
    const uint32_t k = random_.Below(static_cast<uint32_t>(at.size()) - 2);
    const std::string one = text_.substr(at[k], at[k + 1] - at[k]);
    const std::string two = text_.substr(at[k + 1], at[k + 2] - at[k + 1]);
    text_.replace(at[k], one.size() + two.size(), random_.OneIn(3) ? one + one : two + one);
  }

  std::string text_;
  RandomNumbers random_;
};

}  // namespace

std::string MutateSnapshot(const std::string& text, uint64_t seed) {
  return Mutation(text, seed).Run();
}

}  // namespace leaktrail::testing
