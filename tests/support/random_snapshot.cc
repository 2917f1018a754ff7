#include "tests/support/random_snapshot.h"

#include <fmt/format.h>
#include <string>

namespace leaktrail::testing {
namespace {

constexpr const char* kNodeTypes[] = {"hidden",
                                      "array",
                                      "string",
                                      "object",
                                      "object",
                                      "object",
                                      "code",
                                      "closure",
                                      "regexp",
                                      "number",
                                      "native",
                                      "native",
                                      "array",
                                      "hidden",
                                      "synthetic",
                                      "string",
                                      "concatenated string",
                                      "sliced string",
                                      "symbol",
                                      "bigint",
                                      "object shape"};

const std::string kLongName(130, 'p');

std::string NameFor(RandomNumbers& random, const std::string& type) {
  const auto pick = [&](auto... names) {
    const char* list[] = {names...};
    return std::string(list[random.Below(sizeof...(names))]);
  };
  if (type == "object") {
    return pick("Object", "Object", "Object", "Array", "Meter", "Map", "WeakMap", "<div id=\"a\">",
                "Detached <p class>", "<b>", "toString", "__proto__", "12", "é漢");
  }
  if (type == "native") {
    return pick("system / ExternalStringData", "system / JSArrayBufferData", "<div id=1>",
                "Node / BindingData", "HTMLDivElement", "Detached HTMLElement",
                "(Document DOM trees)");
  }
  if (type == "hidden") {
    return pick("system / NativeContext", "system / Map", "system / Cell", "(map descriptors)", "");
  }
  if (type == "array") return pick("(map descriptors)", "", "(object elements)", "Array");
  if (type == "synthetic") return pick("(GC roots)", "(Document DOM trees)", "(Strong roots)");
  if (type == "string" || type == "sliced string") {
    if (random.OneIn(4)) return std::string(1 + random.Below(700), "xyé"[0]) + pick("a", "b");
    return pick("", "a", "b", "hello", "hello", "line\nfeed", "quote\"back\\slash", "漢字", "😀");
  }
  return pick("", "a", "b", "value", "Array", "Object");
}

std::string PropertyName(RandomNumbers& random) {
  switch (random.Below(20)) {
    case 0:
      return kLongName;
    case 1:
      return "__proto__";
    case 2:
      return "a,b";
    case 3:
      return "{x}";
    case 4:
      return "it's";
    case 5:
      return "tab\"\t";
    case 6:
      return "constructor";
    case 7:
      return "漢";
    case 8:
      return "42";
    default:
      return std::string(1, static_cast<char>('a' + random.Below(8)));
  }
}

class Maker {
 public:
  Maker(uint64_t seed, const RandomOptions& options) : random_(seed), options_(options) {}

  SnapshotModel Make() {
    MakeNodes();
    MakeRootEdges();
    const auto count = static_cast<uint32_t>(options_.edges_per_node * size());
    for (uint32_t i = 0; i < count; ++i) MakeEdge();
    for (uint32_t i = 0; i < size() / 8; ++i) MakeEphemeron();
    for (uint32_t n = 0; n < size(); ++n) MakeOwnParts(n);
    for (uint32_t n = 0; n < size(); ++n) {
      if (random_.OneIn(4)) {
        model_.locations.push_back({n, 1 + random_.Below(3), random_.Below(3), random_.Below(5)});
      }
    }
    if (random_.OneIn(2)) model_.extra_native_bytes = random_.Below(1000);
    return std::move(model_);
  }

 private:
  uint32_t size() const { return static_cast<uint32_t>(model_.nodes.size()); }
  uint32_t AnyNode() { return random_.Below(size()); }

  void MakeNodes() {
    const uint32_t count = options_.node_count < 1 ? 1 : options_.node_count;
    for (uint32_t i = 0; i < count; ++i) {
      ModelNode n;
      n.type = i == 0 ? "synthetic" : kNodeTypes[random_.Below(std::size(kNodeTypes))];
      if (i > 0) n.name = NameFor(random_, n.type);
      n.id = i == 0 ? 1 : random_.OneIn(200) ? 7 : 2 * i + (n.type == "native" ? 2 : 1);
      n.self_size = i == 0 || random_.OneIn(6) ? 0 : 8 * (1 + random_.Below(20));
      if (options_.large_sizes && random_.OneIn(15)) {
        n.self_size = (uint64_t{1 + random_.Below(3)} << 32) + 8 + random_.Below(64);
      }
      n.detachedness = random_.OneIn(12) ? 1 + random_.Below(2) : 0;
      n.label = fmt::format("n{}", i);
      model_.nodes.push_back(std::move(n));
    }
  }

  // Without user roots only synthetic nodes hang from the root.
  void MakeRootEdges() {
    for (uint32_t i = 0; i < 1 + size() / 10; ++i) {
      const uint32_t to = AnyNode();
      const bool synthetic = model_.nodes[to].type == "synthetic";
      if (!options_.user_roots && (!synthetic || model_.nodes[to].name[0] != '(' ||
                                   model_.nodes[to].name == "(Document DOM trees)")) {
        continue;
      }
      ModelEdge e;
      e.to = to;
      if (!synthetic && random_.OneIn(2)) {
        e.type = "shortcut";
        e.name = "global";
      } else {
        e.type = random_.OneIn(8) ? "weak" : "element";
        e.name = "w";
        e.index = i + 1;
      }
      model_.edges.push_back(std::move(e));
    }
  }

  void MakeEdge() {
    constexpr const char* kTypes[] = {"context",  "element",  "property", "property", "property",
                                      "internal", "internal", "hidden",   "shortcut", "weak"};
    ModelEdge e;
    // Not every node holds something, a few hold much; a tenth of the edges go to few hubs.
    e.from = random_.OneIn(4) ? AnyNode() : AnyNode() / 2;
    e.to = random_.OneIn(10) ? random_.Below(1 + size() / 15) : AnyNode();
    if (e.from == 0) {
      if (!options_.user_roots) return;
      e.from = AnyNode();
    }
    e.type = kTypes[random_.Below(std::size(kTypes))];
    if (NamedByIndex(EdgeTypeFromName(e.type))) {
      e.index = random_.Below(30);
      if (options_.large_sizes && random_.OneIn(20)) e.index = 0x1FFFFFFFu + random_.Below(9);
    } else if (e.type == "property") {
      e.name = PropertyName(random_);
    } else if (e.type == "internal") {
      constexpr const char* kInternal[] = {"elements", "map",  "properties", "sloppy_function_map",
                                           "4",        "7",    "13",         "10: x",
                                           "-2",       "code", "value"};
      e.name = kInternal[random_.Below(std::size(kInternal))];
    } else {
      e.name = random_.OneIn(3) ? "sloppy_function_map" : std::to_string(random_.Below(20));
    }
    model_.edges.push_back(std::move(e));
  }

  // A WeakMap entry as Node 14 and later writes it. Sometimes one side is missing.
  void MakeEphemeron() {
    const uint32_t table = AnyNode(), key = AnyNode(), value = AnyNode();
    const std::string pair =
        fmt::format(" / part of key ({} @{}) -> value ({} @{}) pair in WeakMap (table @{})",
                    model_.nodes[key].name, model_.nodes[key].id, model_.nodes[value].name,
                    model_.nodes[value].id, model_.nodes[table].id + (random_.OneIn(6) ? 2 : 0));
    for (uint32_t from : {table, key}) {
      if (random_.OneIn(6) || (from == 0 && !options_.user_roots)) continue;
      ModelEdge e;
      e.from = from;
      e.to = value;
      e.type = "internal";
      e.name = std::to_string(++ephemerons_) + pair;
      model_.edges.push_back(std::move(e));
    }
  }

  // What only nodes of some kinds have: parts of joined strings, stores of arrays.
  void MakeOwnParts(uint32_t n) {
    const ModelNode& node = model_.nodes[n];
    if (node.type == "concatenated string") {
      // Only to earlier nodes: a circle of strings is no string (DevTools does not end on one).
      for (const char* part : {"first", "second"}) {
        if (random_.OneIn(8)) continue;
        for (int tries = 0; tries < 10; ++tries) {
          const uint32_t to = random_.Below(n);
          const std::string& type = model_.nodes[to].type;
          if (type != "string" && type != "concatenated string") continue;
          AddInternal(n, part, to);
          break;
        }
      }
    } else if (node.type == "object" && node.name == "Array" && random_.OneIn(2)) {
      AddInternal(n, "elements", AnyNode());
    }
  }

  void AddInternal(uint32_t from, const char* name, uint32_t to) {
    ModelEdge e;
    e.from = from;
    e.to = to;
    e.type = "internal";
    e.name = name;
    // A random edge of the same name would come before it.
    std::erase_if(model_.edges, [&](const ModelEdge& old) {
      return old.from == from && old.type == "internal" && old.name == name;
    });
    model_.edges.push_back(std::move(e));
  }

  RandomNumbers random_;
  RandomOptions options_;
  SnapshotModel model_;
  uint32_t ephemerons_ = 0;
};

}  // namespace

SnapshotModel RandomSnapshot(uint64_t seed, const RandomOptions& options) {
  return Maker(seed, options).Make();
}

}  // namespace leaktrail::testing
