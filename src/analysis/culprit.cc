#include "analysis/culprit.h"

#include <algorithm>
#include <array>
#include <span>

#include "analysis/function_facts.h"
#include "analysis/places.h"
#include "analysis/source_text.h"
#include "analysis/writers.h"

namespace leaktrail {
namespace {

constexpr uint64_t kPromise = HashName("Promise");
constexpr uint64_t kLength = HashName("length");
constexpr uint64_t kSize = HashName("size");
constexpr uint64_t kEvents = HashName("_events");
constexpr uint64_t kProtoEdge = HashName("__proto__");
constexpr uint64_t kExports = HashName("exports");
constexpr uint64_t kArray = HashName("Array");
constexpr uint64_t kObject = HashName("Object");

// How far above the container a listener list may hang below its emitter.
constexpr size_t kListenerReach = 3;
constexpr size_t kMaxMakers = 3;
constexpr int kGoodEvidence = 6;  // of a Writer's score

// Names that a limit of a container goes by.
constexpr std::array<uint64_t, 16> kLimits = {
    HashName("max"),         HashName("MAX"),      HashName("_max"),      HashName("maxSize"),
    HashName("_maxSize"),    HashName("MAX_SIZE"), HashName("max_size"),  HashName("maxEntries"),
    HashName("MAX_ENTRIES"), HashName("maxItems"), HashName("maxLength"), HashName("maxKeys"),
    HashName("limit"),       HashName("LIMIT"),    HashName("capacity"),  HashName("CAPACITY")};
constexpr std::array<uint64_t, 3> kListRemovals = {HashName("shift"), HashName("pop"),
                                                   HashName("splice")};
constexpr std::array<uint64_t, 2> kTableRemovals = {HashName("delete"), HashName("clear")};

// What a list is called whose members somebody has to take off again: "observers_", "nextListeners".
constexpr std::array<std::string_view, 6> kRegistries = {
    "observers", "listeners", "subscribers", "subscriptions", "handlers", "watchers"};

bool IsNameOfRegistry(std::string_view name) {
  while (name.ends_with('_')) name.remove_suffix(1);
  return std::any_of(kRegistries.begin(), kRegistries.end(), [&](std::string_view end) {
    if (name.size() < end.size()) return false;
    const std::string_view tail = name.substr(name.size() - end.size());
    const char first = tail.front();
    return (first == end.front() || first == end.front() - 'a' + 'A') &&
           tail.substr(1) == end.substr(1);
  });
}

// User code met on one side.
struct Side {
  NodeIndex node;
  PackageIndex package;
  size_t distance = 0;
  uint32_t way = 0;
  const Script* module = nullptr;  // the file, where the node is its CommonJS module
  bool found() const { return node.valid(); }
};

class Judge {
 public:
  Judge(const LastSnapshot& last, uint32_t group, const HolderChain& chain)
      : last_(last),
        g_(last.graph()),
        group_(last.growth.groups[group]),
        chain_(chain),
        packages_(*last.view.packages),
        code_(*last.view.code),
        names_(*last.view.names) {}

  CulpritReport Run() {
    const Side holder = FindHolderSide();
    const Side item = FindItemSide();
    const bool registered = IsRegistration(item);
    NameSuspect(item, holder);
    DescribeOwner(holder);
    if (item.found() && (registered || !holder.found())) {
      Blame(item, item, Because::kConstructor, holder);
    } else if (const Side registrant = FindRegistrant(holder); registrant.found()) {
      Blame(registrant, registrant, Because::kConstructor, holder);
    } else if (holder.found()) {
      if (const EdgeIndex e = NameOfContainer(); e.valid()) report_.container_name = g_.EdgeName(e);
      report_.is_registry = IsRegistryOf(holder);
      const bool same = item.found() && item.package == holder.package;
      Blame(holder, same ? item : Side{}, same ? Because::kConstructor : Because::kOwner, holder);
    } else {
      BlameMaker();
    }
    return std::move(report_);
  }

 private:
  const Package& PackageAt(PackageIndex p) const { return packages_.package(p); }
  bool IsUserCode(NodeIndex n) const {
    return PackageAt(packages_.direct_package(n)).is_userland();
  }
  bool IsClosure(NodeIndex n) const { return g_.type(n) == NodeType::kClosure; }
  bool IsScope(NodeIndex n) const { return IsContext(g_, names_, n); }

  // The file that has the step: what is exported by a module is its file's, though the module object
  // is Node's.
  const Script* ExportedBy(const HolderStep& step) const {
    const bool named = step.edge.valid() && g_.edge_type(step.edge) == EdgeType::kProperty;
    if (!named || names_.of(g_.edge_name(step.edge)) != kExports) return nullptr;
    return ScriptOfModule(last_, step.node);
  }
  bool IsUserCode(const HolderStep& step) const {
    return IsUserCode(step.node) || ExportedBy(step) != nullptr;
  }

  Side FindHolderSide() const {
    for (size_t i = 0; i < chain_.steps.size(); ++i) {
      const NodeIndex n = chain_.steps[i].node;
      if (IsUserCode(n)) return {n, packages_.direct_package(n), i, last_.way(n), nullptr};
      if (const Script* s = ExportedBy(chain_.steps[i])) {
        return {n, s->package, i, last_.way(n), s};
      }
    }
    return {};
  }

  std::optional<CodePlace> PlaceOf(const Side& side) const {
    if (side.module == nullptr) return PlaceOfNode(last_, side.node);
    CodePlace place;
    place.package = packages_.LabelOf(side.package);
    place.file = side.module->file;
    return place;
  }

  // The nearest to the container, of the parts that are about as many as the items. An object with
  // a constructor goes before a closure, and that before a scope, at the same distance.
  Side FindItemSide() const {
    Side best;
    uint64_t best_rank = ~uint64_t{0};
    const uint64_t enough = ItemCount() / 2;
    for (const GroupPart& p : group_.parts) {
      if (p.example == 0 || p.count < std::max<uint64_t>(enough, 1)) continue;
      const NodeIndex n(p.example);
      if (!IsUserCode(n)) continue;
      uint64_t depth = DepthBelowOwner(p.way);
      if (depth == 0 && !IsInContainer(p)) depth = 1;
      const uint64_t kind = IsScope(n) ? 2 : IsClosure(n) ? 1 : 0;
      const uint64_t rank = depth * 4 + kind;
      if (rank >= best_rank) continue;
      best_rank = rank;
      best = {n, packages_.direct_package(n), depth, p.way, nullptr};
    }
    return best;
  }

  // A package keeps, on a list of what was registered with it, objects of its own that lead to a
  // function of the application each: who handed that over should have it taken off again.
  Side FindRegistrant(const Side& holder) const {
    if (!IsRegistryOf(holder)) return {};
    Side best;
    const uint64_t enough = ItemCount() / 2;
    for (const GroupPart& p : group_.parts) {
      if (p.example == 0 || p.count < std::max<uint64_t>(enough, 1)) continue;
      const NodeIndex n(p.example);
      if (!IsClosure(n) || PackageAt(packages_.direct_package(n)).kind != PackageKind::kApp)
        continue;
      const uint64_t depth = DepthBelowOwner(p.way);
      if (!best.found() || depth < best.distance) {
        best = {n, packages_.direct_package(n), depth, p.way, nullptr};
      }
    }
    return best;
  }

  bool IsRegistryOf(const Side& holder) const {
    if (!holder.found() || PackageAt(holder.package).kind != PackageKind::kModule) return false;
    const EdgeIndex name = NameOfContainer();
    return (name.valid() && IsNameOfRegistry(g_.EdgeName(name))) || HasRegistryOfItem();
  }

  // Two lists hold the items while one of them is a copy, for a walk over it, and so the object
  // that has both owns them.
  bool HasRegistryOfItem() const {
    if (chain_.steps.empty() || !chain_.item.valid()) return false;
    for (const EdgeIndex e : g_.edges_of(chain_.steps.front().node)) {
      if (g_.edge_type(e) == EdgeType::kProperty && IsNameOfRegistry(g_.EdgeName(e)) &&
          LeadsTo(g_.target(e), chain_.item)) {
        return true;
      }
    }
    return false;
  }

  // What several items share hangs below the container too, but nobody put it there.
  bool IsInContainer(const GroupPart& p) const {
    if (!group_.by_owner || p.way == group_.item_way || group_.owner_example == 0) return true;
    return LeadsTo(NodeIndex(group_.owner_example), NodeIndex(p.example));
  }

  // By itself or by the array that has its elements.
  bool LeadsTo(NodeIndex container, NodeIndex member) const {
    for (const EdgeIndex e : g_.edges_of(container)) {
      const NodeIndex t = g_.target(e);
      if (t == member) return true;
      if (g_.edge_type(e) != EdgeType::kInternal || g_.type(t) != NodeType::kArray) continue;
      for (const EdgeIndex inner : g_.edges_of(t)) {
        if (g_.target(inner) == member) return true;
      }
    }
    return false;
  }

  // Chains have one item and many parts.
  uint64_t ItemCount() const {
    constexpr uint64_t kChain = 4;
    uint64_t items = 0, most = 0;
    for (const GroupPart& p : group_.parts) {
      if (p.way == group_.item_way) items = p.count;
      if (g_.type(NodeIndex(p.example)) != NodeType::kString) most = std::max(most, p.count);
    }
    return items >= kChain && items * 64 > most ? items : most;
  }

  uint64_t DepthBelowOwner(uint32_t way) const {
    const uint32_t depth = last_.tree.way(way).depth,
                   owner = last_.tree.way(group_.owner_way).depth;
    return depth > owner ? depth - owner - 1 : 0;
  }

  // Functions that somebody handed over to be called later, rather than data.
  bool IsRegistration(const Side& item) const {
    const bool item_is_function =
        item.found() && item.distance <= 1 && (IsClosure(item.node) || IsScope(item.node));
    for (size_t i = 0; i < chain_.steps.size() && i <= kListenerReach; ++i) {
      const HolderStep& step = chain_.steps[i];
      if (IsUserCode(step)) break;
      if (names_.of(g_.name(step.node)) == kPromise) return true;
      if (packages_.direct_package(step.node).value() != 0 && item.found()) return true;
      if (i > 0 && step.edge.valid() && !NamedByIndex(g_.edge_type(step.edge)) &&
          names_.of(g_.edge_name(step.edge)) == kEvents) {
        return true;
      }
    }
    if (item.found() && IsMemberOfNodesList()) return true;
    return item_is_function && item.distance == 0;
  }

  // One property of user code holds one of Node's own objects, and that the rest of a list: the
  // list is Node's, and who put things on it is told by the things.
  bool IsMemberOfNodesList() const {
    if (chain_.steps.empty() || !chain_.item.valid() || group_.owner_way != 0) return false;
    const HolderStep& owner = chain_.steps.front();
    const Package& of_item = PackageAt(packages_.direct_package(chain_.item));
    return of_item.kind == PackageKind::kNode && owner.edge.valid() && !owner.many &&
           chain_.held_count > 1;
  }

  // The class a person should look at: the instances with a constructor in user code, if they are
  // about as many as the items; else the item.
  void NameSuspect(const Side& item, const Side&) {
    const GroupPart* best = nullptr;
    uint64_t best_depth = ~uint64_t{0};
    const uint64_t enough = ItemCount() / 2;
    for (const GroupPart& p : group_.parts) {
      if (p.example == 0 || p.count < std::max<uint64_t>(enough, 1)) continue;
      const NodeIndex n(p.example);
      if (g_.type(n) != NodeType::kObject || IsScope(n) || !IsUserCode(n)) continue;
      if (item.found() && packages_.direct_package(n) != item.package) continue;
      if (DepthBelowOwner(p.way) >= best_depth) continue;
      best = &p;
      best_depth = DepthBelowOwner(p.way);
    }
    if (best == nullptr) {
      for (const GroupPart& p : group_.parts) {
        const bool all = p.count >= std::max<uint64_t>(enough, 1);  // not the first link of a chain
        if (p.example != 0 && p.way == group_.item_way && all) best = &p;
      }
    }
    if (best == nullptr) {
      for (const GroupPart& p : group_.parts) {
        if (p.example != 0 && (best == nullptr || p.count > best->count)) best = &p;
      }
    }
    if (best != nullptr) {
      report_.class_way = best->way;
      report_.class_example = best->example;
    } else {
      report_.class_way = group_.owner_way;
      report_.class_example = group_.owner_example;
    }
  }

  std::string EdgeText(const HolderStep& step) const {
    if (!step.edge.valid()) return "";
    return g_.EdgeName(step.edge);
  }

  void DescribeOwner(const Side& holder) {
    if (chain_.steps.empty()) return;
    const NodeIndex owner = chain_.steps.front().node;
    SuspectOwner o;
    o.class_name = DisplayClass(last_, owner);
    // The names from the holder down to the owner: "registry._metrics[]".
    std::string path;
    size_t top = holder.found() ? holder.distance : std::min<size_t>(2, chain_.steps.size() - 1);
    top = std::min<size_t>(top, 6);
    for (size_t i = top; i > 0; --i) {
      const HolderStep& step = chain_.steps[i];
      if (step.many) {
        path += "[]";
      } else {
        if (!path.empty()) path += ".";
        path += EdgeText(step);
      }
    }
    const HolderStep& lowest = chain_.steps.front();
    if (lowest.edge.valid() && !lowest.many) {
      if (!path.empty()) path += ".";
      path += EdgeText(lowest);
    }
    const NodeIndex at = chain_.steps[top].node;
    o.property = path;
    if (!path.empty() && !IsScope(at)) {
      const std::string name =
          IsClosure(at) ? FunctionName(g_, code_, at) : DisplayClass(last_, at);
      o.property = name + (path.starts_with("[") ? "" : ".") + path;
    }
    const NodeIndex place = holder.found() ? holder.node : owner;
    o.package =
        packages_.LabelOf(holder.found() ? holder.package : packages_.direct_package(place));
    o.location = holder.found() ? PlaceOf(holder) : PlaceOfNode(last_, place);
    if (group_.by_owner && group_.item_way != group_.owner_way) o.entry_count = CountEntries();
    report_.owner = std::move(o);
  }

  // None if some snapshot has the entries in another way, as while a request holds the owner.
  std::vector<uint64_t> CountEntries() const {
    std::vector<uint64_t> out;
    for (const WayCounts& c : last_.growth.counts) {
      out.push_back(c.count[group_.item_way]);
      if (out.back() == 0 && out.front() != 0) return {};
    }
    return out;
  }

  NodeIndex ConstructorOf(NodeIndex object) const { return FindConstructor(g_, names_, object); }

  // The property or variable nearest to the container; None if user code is met before one.
  EdgeIndex NameOfContainer() const {
    constexpr size_t kReach = 3;
    for (size_t i = 0; i < chain_.steps.size() && i <= kReach; ++i) {
      const EdgeIndex e = chain_.steps[i].edge;
      const bool named = e.valid() && (g_.edge_type(e) == EdgeType::kProperty ||
                                       g_.edge_type(e) == EdgeType::kContext);
      if (named) return e;
      if (i > 0 && IsUserCode(chain_.steps[i])) break;
    }
    return EdgeIndex::None();
  }

  WriterClues Clues(const Side& item) const {
    WriterClues c;
    if (!chain_.steps.empty()) {
      c.container_class = g_.NodeName(chain_.steps.front().node);
      const EdgeIndex e = NameOfContainer();
      if (e.valid()) c.property.push_back(names_.of(g_.edge_name(e)));
    }
    const NodeIndex n = item.found() ? item.node : chain_.item;
    if (!n.valid()) return c;
    if (IsClosure(n)) {
      c.item_function = code_.function(n);
    } else if (g_.type(n) == NodeType::kObject && !IsScope(n)) {
      c.item_shape = ShapeOf(g_, names_, n);
      c.item_constructor = ConstructorOf(n);
      if (g_.FindLocation(n) == nullptr) c.item_keys = KeysOf(n);
    }
    return c;
  }

  std::vector<uint64_t> KeysOf(NodeIndex n) const {
    constexpr size_t kMaxKeys = 16;
    std::vector<uint64_t> keys;
    for (const EdgeIndex e : g_.edges_of(n)) {
      if (g_.edge_type(e) != EdgeType::kProperty) continue;
      const uint64_t h = names_.of(g_.edge_name(e));
      if (h == kProtoEdge) continue;
      if (keys.size() == kMaxKeys) return {};
      keys.push_back(h);
    }
    return keys;
  }

  std::unordered_set<uint32_t> ScriptsOf(PackageIndex package) const {
    std::unordered_set<uint32_t> out;
    for (const Script& s : packages_.scripts) {
      if (s.package == package) out.insert(s.node.value());
    }
    return out;
  }

  std::string NameOf(const FunctionFacts& f) const {
    return FunctionName(g_, code_, f.closure.valid() ? f.closure : f.function);
  }

  CodePlace PlaceOfFunction(const FunctionFacts& f) const {
    CodePlace place;
    if (f.closure.valid()) {
      if (const auto at = PlaceOfNode(last_, f.closure)) place = *at;
    }
    if (place.file.empty()) {
      if (const Script* s = packages_.script_of_function(f.function)) {
        place.package = packages_.LabelOf(s->package);
        place.file = s->file;
      }
    }
    place.function = NameOf(f);
    if (place.line == 0 && last_.read_source) {
      if (const Script* s = packages_.script_of_function(f.function)) {
        place.line =
            LineOfDefinition(FindSource(g_, names_, *s, last_.read_source), place.function);
      }
    }
    return place;
  }

  static bool MentionsOneOf(const FunctionFacts& f, std::span<const uint64_t> names) {
    return std::any_of(names.begin(), names.end(), [&](uint64_t n) { return f.mentions(n); });
  }

  // One function that adds and removes keeps a count of its own, or a time.
  static bool RemovesAsItAdds(const FunctionFacts& f, const WriterClues& clues) {
    const std::string& c = clues.container_class;
    if (c == "Array") return MentionsOneOf(f, kListRemovals);
    return (c == "Set" || c.ends_with("Map")) && MentionsOneOf(f, kTableRemovals);
  }

  // "if (recent.size > kMost) recent.delete(oldest)". Deleting alone may be to add the same again.
  static bool RemovesForSize(const FunctionFacts& f, const WriterClues& clues) {
    return RemovesAsItAdds(f, clues) && (f.mentions(kSize) || f.mentions(kLength));
  }

  // Code that adds and looks at the size may well empty the container when it is full. A plain
  // object has no size of its own. A function that met the shape of the array once only adds to it;
  // the length that it mentions is of something else.
  bool LooksAtSize(const FunctionFacts& f, const WriterClues& clues) const {
    if (MentionsOneOf(f, kLimits)) return true;
    if (RemovesAsItAdds(f, clues)) return true;
    if (clues.container_class == "Object") return false;
    if (clues.container_class != "Array") return f.mentions(kSize);
    if (!f.mentions(kLength)) return false;
    const NodeIndex shape = ShapeOf(g_, names_, chain_.steps.front().node);
    const auto met = shape.valid() ? f.shapes.find(shape.value()) : f.shapes.end();
    return !f.runs || f.met_many_shapes || met == f.shapes.end() || met->second > 1;
  }

  // "batch.push(line); bytes += line.length; if (bytes > kMost) { send(batch); batch = []; }"
  bool EmptiesContainer(const FunctionFacts& f) const {
    const EdgeIndex name = NameOfContainer();
    const Script* script = packages_.script_of_function(f.function);
    const Location* at = f.closure.valid() ? g_.FindLocation(f.closure) : nullptr;
    if (!name.valid() || script == nullptr || at == nullptr || !last_.read_source) return false;
    const std::string source = FindSource(g_, names_, *script, last_.read_source);
    return Empties(FunctionBody(source, at->line + 1, at->column + 1), g_.EdgeName(name));
  }

  // The function that a closure was made in, as far as its scope tells.
  std::string FunctionAround(NodeIndex closure) const {
    for (const EdgeIndex e : g_.edges_of(closure)) {
      if (g_.edge_type(e) != EdgeType::kInternal || !IsScope(g_.target(e))) continue;
      const NodeIndex f = code_.function(g_.target(e));
      if (f.valid() && code_.script(f) == code_.script(closure)) return FunctionName(g_, code_, f);
    }
    return "";
  }

  // An anonymous function is told by the named one around it.
  const FunctionFacts* NamedMaker(const FunctionFacts& writer,
                                  const std::vector<FunctionFacts>& all) const {
    constexpr int kMaxNesting = 3;
    const FunctionFacts* inner = &writer;
    for (int i = 0; i < kMaxNesting; ++i) {
      const auto maker = std::find_if(all.begin(), all.end(), [&](const FunctionFacts& f) {
        return f.makes.count(inner->function.value()) != 0;
      });
      if (maker == all.end()) return nullptr;
      if (!NameOf(*maker).empty()) return &*maker;
      inner = &*maker;
    }
    return nullptr;
  }

  // An anonymous writer is told by a named function of its own package that it calls, if that is
  // the only one: it is where the items come from.
  const FunctionFacts* NamedHelper(const FunctionFacts& writer,
                                   const std::vector<FunctionFacts>& all) const {
    const FunctionFacts* only = nullptr;
    for (const FunctionFacts& f : all) {
      if (!f.closure.valid() || code_.script(f.function) != code_.script(writer.function)) continue;
      bool called = false;
      for (const uint32_t c : writer.calls) called |= code_.function(NodeIndex(c)) == f.function;
      if (!called || NameOf(f).empty()) continue;
      if (only != nullptr) return nullptr;
      only = &f;
    }
    return only;
  }

  // `side` decides the package; `item` the place if it lies there.
  void Blame(const Side& side, const Side& item, Because because, const Side& holder) {
    report_.is_apps = PackageAt(side.package).kind == PackageKind::kApp;
    Culprit c;
    c.because = because;
    const Side& at = item.found() ? item : side;
    if (const auto place = PlaceOf(at)) c.place = *place;
    c.place.package = packages_.LabelOf(side.package);
    const std::vector<FunctionFacts> facts =
        CollectFunctionFacts(g_, names_, code_, ScriptsOf(side.package));
    const WriterClues clues = Clues(item);
    const std::vector<Writer> writers = RankWriters(g_, code_, facts, clues);
    const FunctionFacts* writer = writers.empty() ? nullptr : writers.front().facts;
    const FunctionFacts* helper = nullptr;
    if (writer != nullptr) {
      report_.is_emptied_too = RemovesForSize(*writer, clues) || EmptiesContainer(*writer);
      report_.size_is_checked = report_.is_emptied_too || LooksAtSize(*writer, clues);
    }
    // Against a known place of the items only good evidence counts.
    if (writer != nullptr && item.found() && writers.front().score < kGoodEvidence)
      writer = nullptr;
    if (c.place.function.empty() && item.found()) c.place.function = FunctionAround(item.node);
    if (writer != nullptr && NameOf(*writer).empty()) {
      helper = NamedMaker(*writer, facts);
      for (const Writer& w : writers) {
        if (helper != nullptr || w.score * 3 < writers.front().score) break;
        if (!NameOf(*w.facts).empty()) helper = w.facts;
      }
      if (helper == nullptr && (!item.found() || c.place.function.empty())) {
        helper = NamedHelper(*writer, facts);
      }
    }
    if (writer != nullptr && !NameOf(*writer).empty()) {
      c.place = PlaceOfFunction(*writer);
    } else if (helper != nullptr) {
      c.place = PlaceOfFunction(*helper);
    } else if (c.place.function.empty() && holder.found() && holder.package == side.package) {
      const auto place = PlaceOf(holder);
      if (place && !place->function.empty()) c.place = *place;
    }
    if (c.place.function.empty() && writer != nullptr) c.place = PlaceOfFunction(*writer);
    c.place.package = packages_.LabelOf(side.package);
    report_.culprit = std::move(c);
  }

  // Neither side is user code: who made the objects? A function of user code whose feedback shows
  // that it constructed one of the classes, or made an object literal of one of the shapes.
  void BlameMaker() {
    std::unordered_set<uint32_t> scripts;
    for (const Script& s : packages_.scripts) {
      if (PackageAt(s.package).is_userland()) scripts.insert(s.node.value());
    }
    const std::vector<FunctionFacts> facts = CollectFunctionFacts(g_, names_, code_, scripts);
    const uint64_t enough = ItemCount() / 2;
    const FunctionFacts* best = nullptr;
    size_t fewest = ~size_t{0};
    for (const GroupPart& p : group_.parts) {
      if (p.example == 0 || p.count < std::max<uint64_t>(enough, 1)) continue;
      const NodeIndex n(p.example);
      if (g_.type(n) != NodeType::kObject || IsScope(n)) continue;
      // Made in most places without their constructor being called.
      const uint64_t class_name = names_.of(g_.name(n));
      if (class_name == kArray) continue;
      const NodeIndex constructor = class_name == kObject ? NodeIndex::None() : ConstructorOf(n);
      const NodeIndex shape = ShapeOf(g_, names_, n);
      std::vector<const FunctionFacts*> makers;
      for (const FunctionFacts& f : facts) {
        const bool constructs = constructor.valid() && f.calls.count(constructor.value()) != 0;
        const bool literal = shape.valid() && f.literal_shapes.count(shape.value()) != 0;
        if (constructs || literal) makers.push_back(&f);
      }
      // A class that many make (Map, Promise) tells nothing.
      if (makers.empty() || makers.size() >= fewest || makers.size() > kMaxMakers) continue;
      fewest = makers.size();
      best = makers.front();
    }
    if (best == nullptr) return BlameDominator();
    Culprit c;
    c.because = Because::kConstructor;
    const FunctionFacts* named = NameOf(*best).empty() ? NamedMaker(*best, facts) : best;
    c.place = PlaceOfFunction(named != nullptr ? *named : *best);
    report_.culprit = std::move(c);
  }

  // Nothing but the package that all hangs below.
  void BlameDominator() {
    const NodeIndex n(report_.class_example);
    PackageIndex p = packages_.charged_package(n);
    if (PackageAt(p).kind == PackageKind::kUnattributed && !chain_.steps.empty()) {
      for (const HolderStep& step : chain_.steps) {
        p = packages_.direct_package(step.node);
        if (p.value() != 0) break;
      }
    }
    if (packages_.LabelOf(p).empty()) return;
    Culprit c;
    c.because = Because::kDominator;
    c.place.package = packages_.LabelOf(p);
    report_.culprit = std::move(c);
  }

  const LastSnapshot& last_;
  const HeapGraph& g_;
  const GrowthGroup& group_;
  const HolderChain& chain_;
  const PackageMap& packages_;
  const CodeModel& code_;
  const NameHashes& names_;
  CulpritReport report_;
};

}  // namespace

CulpritReport FindCulprit(const LastSnapshot& last, uint32_t group, const HolderChain& chain) {
  return Judge(last, group, chain).Run();
}

}  // namespace leaktrail
