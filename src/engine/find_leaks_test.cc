// A small service in three snapshots: what trail answers, without a file.
#include "engine/find_leaks.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "heap/graph_builder.h"

namespace leaktrail {
namespace {

constexpr const char* kPath = "/srv/node_modules/cart/lib/store.js";

// A Map of package `cart` in a scope; holds objects of class Line with the given ids.
//   global ─▶ closure add ─context▶ Context ─lines▶ Map ─table▶ (array) ─▶ Line
// `add_to` is called for each line.
using AddTo = std::function<void(GraphBuilder&, NodeIndex line, uint32_t id)>;
HeapGraph Service(const std::vector<uint32_t>& line_ids, const char* variable = "lines",
                  const AddTo& add_to = {}) {
  GraphBuilder b;
  const NodeIndex root = b.AddNode(NodeType::kSynthetic, "", 1, 0);
  const NodeIndex global = b.AddNode(NodeType::kObject, "Object", 5, 16);
  const NodeIndex script = b.AddNode(NodeType::kCode, kPath, 7, 16);
  const NodeIndex source = b.AddNode(NodeType::kString, "source text", 9, 100);
  const NodeIndex shared = b.AddNode(NodeType::kCode, "add", 11, 32);
  const NodeIndex scope_info = b.AddNode(NodeType::kCode, "system / ScopeInfo", 13, 16);
  const NodeIndex add = b.AddNode(NodeType::kClosure, "add", 15, 64);
  const NodeIndex scope = b.AddNode(NodeType::kObject, "system / Context", 17, 32);
  const NodeIndex map = b.AddNode(NodeType::kObject, "Map", 19, 32);
  const NodeIndex table = b.AddNode(NodeType::kArray, "", 21, 16 * line_ids.size());
  b.AddEdge(root, EdgeType::kShortcut, "global", global);
  b.AddEdge(global, EdgeType::kProperty, "add", add);
  b.AddEdge(add, EdgeType::kInternal, "shared", shared);
  b.AddEdge(add, EdgeType::kInternal, "context", scope);
  b.AddEdge(shared, EdgeType::kInternal, "script", script);
  b.AddEdge(shared, EdgeType::kInternal, "name_or_scope_info", scope_info);
  b.AddEdge(script, EdgeType::kInternal, "source", source);
  b.AddEdge(scope, EdgeType::kContext, variable, map);
  b.AddEdge(map, EdgeType::kInternal, "table", table);
  b.AddLocation(add, 44, 9, 4);
  uint32_t slot = 0;
  for (const uint32_t id : line_ids) {
    const NodeIndex line = b.AddNode(NodeType::kObject, "Line", id, 200);
    b.AddEdge(table, EdgeType::kInternal, std::to_string(slot++), line);
    b.AddLocation(line, 44, 2, 0);
    if (add_to) add_to(b, line, id);
  }
  return b.Build();
}

std::vector<uint32_t> Ids(uint32_t first, uint32_t last) {  // first ≤ i < last
  std::vector<uint32_t> ids;
  for (uint32_t i = first; i < last; ++i) ids.push_back(1001 + 2 * i);
  return ids;
}

Findings Ask(std::vector<Session>& sessions) {
  std::vector<Session*> pointers;
  for (Session& s : sessions) pointers.push_back(&s);
  FindLeaksOptions options;
  options.read_manifests = false;
  Result<Findings> findings = FindLeaks(pointers, options);
  EXPECT_TRUE(findings.has_value());
  return findings ? *findings : Findings{};
}

Findings Ask(const std::vector<std::vector<uint32_t>>& snapshots) {
  std::vector<Session> sessions;
  for (const auto& ids : snapshots) sessions.push_back(Session::FromGraph(Service(ids)));
  return Ask(sessions);
}

TEST(FindLeaks, NamesThePackageThatKeepsWhatComes) {
  const Findings f = Ask({Ids(0, 400), Ids(0, 1400), Ids(0, 2400)});
  EXPECT_EQ(f.verdict, Verdict::kLeak);
  ASSERT_TRUE(f.culprit.has_value());
  EXPECT_EQ(f.culprit->place.package, "cart");
  EXPECT_EQ(f.culprit->place.file, "lib/store.js");
  ASSERT_FALSE(f.suspects.empty());
  const Suspect& s = f.suspects[0];
  EXPECT_EQ(s.class_name, "Line");
  EXPECT_EQ(s.count, (std::vector<uint64_t>{400, 1400, 2400}));
  EXPECT_EQ(s.grown_count, 2000u);
  ASSERT_TRUE(s.owner.has_value());
  EXPECT_EQ(s.owner->class_name, "Map");
  EXPECT_EQ(s.owner->property, "lines");
  EXPECT_EQ(s.fingerprint.size(), 16u);
}

TEST(FindLeaks, TheFingerprintKnowsNeitherIdsNorCounts) {
  const Findings a = Ask({Ids(0, 400), Ids(0, 1400), Ids(0, 2400)});
  const Findings b = Ask({Ids(7, 300), Ids(7, 2000), Ids(7, 4000)});
  ASSERT_FALSE(a.suspects.empty() || b.suspects.empty());
  EXPECT_EQ(a.suspects[0].fingerprint, b.suspects[0].fingerprint);
}

TEST(FindLeaks, AnotherContainerOfTheSameCodeIsAnotherFingerprint) {
  const auto ask = [](const char* variable) {
    std::vector<Session> sessions;
    for (const uint32_t n : {400u, 1400u, 2400u}) {
      sessions.push_back(Session::FromGraph(Service(Ids(0, n), variable)));
    }
    const Findings f = Ask(sessions);
    return f.suspects.empty() ? "" : f.suspects[0].fingerprint;
  };
  EXPECT_EQ(ask("lines"), ask("lines"));
  EXPECT_NE(ask("lines"), ask("drafts"));
}

TEST(FindLeaks, ASteadyNumberIsNoLeak) {
  const Findings f = Ask({Ids(0, 1000), Ids(0, 1000), Ids(0, 1000)});
  EXPECT_EQ(f.verdict, Verdict::kNoLeak);
  EXPECT_FALSE(f.culprit.has_value());
}

TEST(FindLeaks, AFullCacheThatTurnsOverIsNoLeak) {
  const Findings f = Ask({Ids(0, 1000), Ids(800, 2200), Ids(2200, 4000)});
  EXPECT_NE(f.verdict, Verdict::kLeak);
}

TEST(FindLeaks, ACacheThatFillsIsInconclusive) {
  EXPECT_EQ(Ask({Ids(0, 400), Ids(0, 3400), Ids(0, 4000)}).verdict, Verdict::kInconclusive);
}

// A hundred lists of their own classes, each of which has a hundredth of the lines.
HeapGraph ManyLists(uint32_t line_count) {
  constexpr uint32_t kLists = 100;
  GraphBuilder b;
  const NodeIndex root = b.AddNode(NodeType::kSynthetic, "", 1, 0);
  const NodeIndex global = b.AddNode(NodeType::kObject, "Object", 5, 16);
  b.AddEdge(root, EdgeType::kShortcut, "global", global);
  std::vector<NodeIndex> lists;
  for (uint32_t i = 0; i < kLists; ++i) {
    lists.push_back(b.AddNode(NodeType::kObject, fmt::format("List{}", i), 101 + 2 * i, 16));
    b.AddEdge(global, EdgeType::kProperty, fmt::format("list{}", i), lists.back());
  }
  for (uint32_t i = 0; i < line_count; ++i) {
    const NodeIndex line = b.AddNode(NodeType::kObject, "Line", 1001 + 2 * i, 200);
    b.AddEdge(lists[i % kLists], EdgeType::kElement, i / kLists, line);
  }
  return b.Build();
}

TEST(FindLeaks, GrowthInManyPlacesIsInconclusive) {
  const auto ask = [](std::initializer_list<uint32_t> counts) {
    std::vector<Session> sessions;
    for (const uint32_t n : counts) sessions.push_back(Session::FromGraph(ManyLists(n)));
    return Ask(sessions);
  };
  const Findings f = ask({2000, 4000, 6000});
  EXPECT_EQ(f.verdict, Verdict::kInconclusive);
  EXPECT_TRUE(f.reason.find("in many places") != std::string::npos) << f.reason;
  EXPECT_EQ(ask({2000, 4000, 4000}).verdict, Verdict::kNoLeak);
  EXPECT_EQ(ask({2000, 4000, 4100}).verdict, Verdict::kNoLeak);
}

TEST(FindLeaks, TwoSnapshotsAreInconclusiveAndStillNameASuspect) {
  const Findings f = Ask({Ids(0, 400), Ids(0, 2400)});
  EXPECT_EQ(f.verdict, Verdict::kInconclusive);
  ASSERT_TRUE(f.culprit.has_value());
  EXPECT_EQ(f.culprit->place.package, "cart");
}

TEST(FindLeaks, OneSnapshotGivesAHint) {
  const Findings f = Ask({Ids(0, 2000)});
  EXPECT_EQ(f.verdict, Verdict::kInconclusive);
  ASSERT_FALSE(f.suspects.empty());
  EXPECT_EQ(f.suspects[0].class_name, "Line");
}

// Like Service, but the Map is laid out as V8 does it, with room for 4096 entries; no key where
// `key` gives "": a small integer, which a snapshot does not show.
HeapGraph Table(uint32_t entry_count, const std::function<std::string(uint32_t)>& key) {
  constexpr uint32_t kBuckets = 2048, kFirstEntry = 3 + kBuckets;
  GraphBuilder b;
  const NodeIndex root = b.AddNode(NodeType::kSynthetic, "", 1, 0);
  const NodeIndex global = b.AddNode(NodeType::kObject, "Object", 5, 16);
  const NodeIndex script = b.AddNode(NodeType::kCode, kPath, 7, 16);
  const NodeIndex store = b.AddNode(NodeType::kObject, "Store", 9, 32);
  const NodeIndex map = b.AddNode(NodeType::kObject, "Map", 11, 32);
  const NodeIndex table = b.AddNode(NodeType::kArray, "", 13, 16 + 8 * (3 + 7 * kBuckets));
  const NodeIndex shared = b.AddNode(NodeType::kCode, "Store", 15, 32);
  const NodeIndex code = b.AddNode(NodeType::kClosure, "Store", 17, 64);
  b.AddEdge(root, EdgeType::kShortcut, "global", global);
  b.AddEdge(global, EdgeType::kProperty, "store", store);
  b.AddEdge(global, EdgeType::kProperty, "Store", code);
  b.AddEdge(code, EdgeType::kInternal, "shared", shared);
  b.AddEdge(shared, EdgeType::kInternal, "script", script);
  b.AddEdge(script, EdgeType::kInternal, "source",
            b.AddNode(NodeType::kString, "source text", 19, 100));
  b.AddEdge(shared, EdgeType::kInternal, "name_or_scope_info",
            b.AddNode(NodeType::kCode, "system / ScopeInfo", 21, 16));
  b.AddEdge(store, EdgeType::kProperty, "lines", map);
  b.AddEdge(map, EdgeType::kInternal, "table", table);
  b.AddLocation(code, 44, 2, 0);
  b.AddLocation(store, 44, 2, 0);
  for (uint32_t i = 0; i < entry_count; ++i) {
    const uint32_t slot = kFirstEntry + 3 * i;
    const NodeIndex line = b.AddNode(NodeType::kObject, "Line", 1001 + 4 * i, 200);
    b.AddEdge(table, EdgeType::kInternal, std::to_string(slot + 1), line);
    const std::string text = key(i);
    if (text.empty()) continue;
    const NodeIndex name = b.AddNode(NodeType::kString, text, 1003 + 4 * i, 24);
    b.AddEdge(table, EdgeType::kInternal, std::to_string(slot), name);
  }
  return b.Build();
}

Findings AskTable(const std::vector<uint32_t>& counts,
                  const std::function<std::string(uint32_t)>& key) {
  std::vector<Session> sessions;
  for (const uint32_t n : counts) sessions.push_back(Session::FromGraph(Table(n, key)));
  return Ask(sessions);
}

TEST(FindLeaks, ATableWhoseKeysAreOfALimitedRangeMayBeFilling) {
  const auto label = [](uint32_t i) { return fmt::format("label-{}", i * 7919 % 20000); };
  const Findings f = AskTable({400, 1400, 2400}, label);
  EXPECT_EQ(f.verdict, Verdict::kInconclusive);
  ASSERT_TRUE(f.culprit.has_value());
  EXPECT_EQ(f.culprit->place.package, "cart");
}

TEST(FindLeaks, ATableWhoseKeysGoOnIsALeak) {
  const auto counter = [](uint32_t i) { return fmt::format("order-{}", i); };
  EXPECT_EQ(AskTable({400, 1400, 2400}, counter).verdict, Verdict::kLeak);
}

TEST(FindLeaks, OfKeysThatASnapshotDoesNotShowTheNumberDecides) {
  const auto hidden = [](uint32_t) { return std::string(); };
  EXPECT_EQ(AskTable({100, 500, 900}, hidden).verdict, Verdict::kInconclusive);
  EXPECT_EQ(AskTable({400, 1400, 2400}, hidden).verdict, Verdict::kLeak);
}

struct Shelf {
  uint32_t entry_count = 0;
  std::function<uint32_t(uint32_t)> place = [](uint32_t i) { return i; };
  uint32_t room = 0;              // places that there is memory for; 0: as many as entries
  std::vector<std::string> says;  // what the function that fills it mentions
  bool has_keys = false;          // a key of each line hangs at the store as well
  bool is_chain = false;          // six entries, new in each snapshot, that all lines hang below
  bool has_records = false;       // a line and the one after it lead to a large object together
};
// An array of package `cart`, and the code that fills it.
//   global ─▶ Store ─lines▶ Array ─[place]▶ Line
//          └▶ closure put ─▶ its code ─▶ "lines", "push", …
HeapGraph MakeShelf(const Shelf& shelf) {
  GraphBuilder b;
  const NodeIndex root = b.AddNode(NodeType::kSynthetic, "", 1, 0);
  const NodeIndex global = b.AddNode(NodeType::kObject, "Object", 5, 16);
  const NodeIndex script = b.AddNode(NodeType::kCode, kPath, 7, 16);
  const NodeIndex store = b.AddNode(NodeType::kObject, "Store", 9, 32);
  const NodeIndex lines = b.AddNode(NodeType::kObject, "Array", 11, 32);
  const uint32_t room = shelf.room == 0 ? shelf.entry_count : shelf.room;
  const NodeIndex elements = b.AddNode(NodeType::kArray, "(object elements)", 13, 16 + 8 * room);
  const NodeIndex shared = b.AddNode(NodeType::kCode, "put", 15, 32);
  const NodeIndex put = b.AddNode(NodeType::kClosure, "put", 17, 64);
  const NodeIndex bytecode = b.AddNode(NodeType::kCode, "system / BytecodeArray", 19, 64);
  const NodeIndex pool = b.AddNode(NodeType::kArray, "(constant pool)", 21, 64);
  b.AddEdge(root, EdgeType::kShortcut, "global", global);
  b.AddEdge(global, EdgeType::kProperty, "store", store);
  b.AddEdge(global, EdgeType::kProperty, "put", put);
  b.AddEdge(put, EdgeType::kInternal, "shared", shared);
  b.AddEdge(shared, EdgeType::kInternal, "script", script);
  b.AddEdge(shared, EdgeType::kInternal, "function_data", bytecode);
  b.AddEdge(shared, EdgeType::kInternal, "name_or_scope_info",
            b.AddNode(NodeType::kCode, "system / ScopeInfo", 23, 16));
  b.AddEdge(script, EdgeType::kInternal, "source",
            b.AddNode(NodeType::kString, "source text", 25, 100));
  b.AddEdge(bytecode, EdgeType::kInternal, "constant_pool", pool);
  uint32_t id = 101;
  for (const std::string& word : shelf.says) {
    b.AddEdge(pool, EdgeType::kInternal, "1", b.AddNode(NodeType::kString, word, id += 2, 16));
  }
  b.AddEdge(store, EdgeType::kProperty, "lines", lines);
  b.AddEdge(lines, EdgeType::kInternal, "elements", elements);
  b.AddLocation(put, 44, 2, 0);
  b.AddLocation(store, 44, 2, 0);
  constexpr uint32_t kEntries = 6;
  std::array<NodeIndex, kEntries> newest;
  NodeIndex record;
  for (uint32_t i = 0; i < shelf.entry_count; ++i) {
    const NodeIndex line = b.AddNode(NodeType::kObject, "Line", 1001 + 2 * i, 200);
    if (shelf.is_chain) {
      NodeIndex& before = newest[i % kEntries];
      if (before.valid()) b.AddEdge(line, EdgeType::kProperty, "next", before);
      before = line;
      continue;
    }
    b.AddEdge(lines, EdgeType::kElement, shelf.place(i), line);
    if (shelf.has_records) {
      if (i % 2 == 0) record = b.AddNode(NodeType::kObject, "Record", 800'001 + 2 * i, 9000);
      b.AddEdge(line, EdgeType::kProperty, "record", record);
    }
    if (!shelf.has_keys) continue;
    const NodeIndex key = b.AddNode(NodeType::kObject, "Key", 400'001 + 2 * i, 60);
    b.AddEdge(store, EdgeType::kElement, i, key);
    b.AddLocation(key, 44, 2, 0);
  }
  for (uint32_t i = 0; shelf.is_chain && i < kEntries; ++i) {
    const NodeIndex entry =
        b.AddNode(NodeType::kObject, "Entry", 900'001 + 2 * (shelf.entry_count + i), 48);
    b.AddEdge(lines, EdgeType::kElement, i, entry);
    b.AddEdge(entry, EdgeType::kProperty, "next", newest[i]);
  }
  return b.Build();
}

Verdict VerdictOn(Shelf shelf) {
  std::vector<Session> sessions;
  for (const uint32_t n : {400u, 1400u, 2400u}) {
    shelf.entry_count = n;
    sessions.push_back(Session::FromGraph(MakeShelf(shelf)));
  }
  return Ask(sessions).verdict;
}

TEST(FindLeaks, AnArrayThatFillsInAnyOrderMayBeATable) {
  Shelf shelf;
  EXPECT_EQ(VerdictOn(shelf), Verdict::kLeak);
  shelf.place = [](uint32_t i) { return i * 7919 % 9001; };
  EXPECT_EQ(VerdictOn(shelf), Verdict::kInconclusive);
}

TEST(FindLeaks, AnArrayThatHadRoomForAllMayBeARing) {
  Shelf shelf;
  shelf.room = 6000;
  EXPECT_EQ(VerdictOn(shelf), Verdict::kInconclusive);
}

TEST(FindLeaks, WhatComesWithEachEntryOfAFullListIsFullWithIt) {
  Shelf shelf;
  shelf.has_keys = true;
  EXPECT_EQ(VerdictOn(shelf), Verdict::kLeak);
  shelf.room = 6000;
  EXPECT_EQ(VerdictOn(shelf), Verdict::kInconclusive);
}

TEST(FindLeaks, AnArrayThatGotRoomIsNoRingWhereverWhatItHoldsIsCounted) {
  Shelf shelf;
  shelf.has_records = true;
  EXPECT_EQ(VerdictOn(shelf), Verdict::kLeak);
  shelf.room = 6000;
  EXPECT_EQ(VerdictOn(shelf), Verdict::kInconclusive);
}

TEST(FindLeaks, CodeThatRemovesAsItAddsOrKnowsALimitMayEmptyWhatItFills) {
  Shelf shelf;
  shelf.says = {"lines", "push"};
  EXPECT_EQ(VerdictOn(shelf), Verdict::kLeak);
  shelf.says = {"lines", "push", "shift"};
  EXPECT_EQ(VerdictOn(shelf), Verdict::kInconclusive);
  shelf.says = {"lines", "push", "maxSize"};
  EXPECT_EQ(VerdictOn(shelf), Verdict::kInconclusive);
  // A removal from another kind of container.
  shelf.says = {"lines", "push", "delete"};
  EXPECT_EQ(VerdictOn(shelf), Verdict::kLeak);
}

TEST(FindLeaks, EmptyingIsNoHelpAgainstAChainBelowAsManyEntriesAsBefore) {
  Shelf shelf;
  shelf.says = {"lines", "push", "shift"};
  shelf.is_chain = true;
  EXPECT_EQ(VerdictOn(shelf), Verdict::kLeak);
}

// A graph with a global object and functions in scripts; ids count up.
struct CodeBuilder {
  GraphBuilder b;
  uint32_t next_id = 1;
  NodeIndex global;

  CodeBuilder() {
    const NodeIndex root = Node(NodeType::kSynthetic, "", 0);
    global = Node(NodeType::kObject, "Object", 16);
    b.AddEdge(root, EdgeType::kShortcut, "global", global);
  }
  NodeIndex Node(NodeType type, const char* name, uint64_t size) {
    return b.AddNode(type, name, (next_id += 2) - 2, size);
  }
  // Its code and a closure of it.
  std::pair<NodeIndex, NodeIndex> Function(const char* path, const char* name, uint32_t script_id) {
    const NodeIndex script = Node(NodeType::kCode, path, 16);
    const NodeIndex shared = Node(NodeType::kCode, name, 32);
    const NodeIndex closure = Node(NodeType::kClosure, name, 64);
    b.AddEdge(shared, EdgeType::kInternal, "script", script);
    b.AddEdge(shared, EdgeType::kInternal, "name_or_scope_info",
              Node(NodeType::kCode, "system / ScopeInfo", 16));
    b.AddEdge(script, EdgeType::kInternal, "source", Node(NodeType::kString, "text", 16));
    b.AddEdge(closure, EdgeType::kInternal, "shared", shared);
    b.AddLocation(closure, script_id, 1, 0);
    return {shared, closure};
  }
};

// A timer per meter that is never cleared, in a ring of Node's. Another part of the package has a
// timer of its own at one end and knows the newest meter at the other: the shortest ways to all of
// them are through these two, but they have no fault.
//   global ─▶ Agent ─metrics▶ Map ─▶ Meter
//                                      │▲
//                               _timer ▼│self
//   lists ─▶ TimersList ◀═▶ … ◀═▶ Timeout ─_onTimeout▶ closure ─context▶ Context
HeapGraph Timers(uint32_t meter_count) {
  CodeBuilder code;
  GraphBuilder& b = code.b;
  const auto node = [&](NodeType type, const char* name, uint64_t size) {
    return code.Node(type, name, size);
  };
  const NodeIndex global = code.global;
  const auto [timers_code, timers] = code.Function("node:internal/timers", "TimersList", 40);
  const auto [agent_code, agent_class] =
      code.Function("/srv/node_modules/agent/lib/agent.js", "Agent", 41);
  const auto [meter_code, meter_class] =
      code.Function("/srv/node_modules/agent/lib/meter.js", "Meter", 42);
  for (const NodeIndex f : {timers, agent_class, meter_class}) {
    b.AddEdge(global, EdgeType::kElement, f.value(), f);
  }
  const NodeIndex agent = node(NodeType::kObject, "Agent", 32);
  b.AddLocation(agent, 41, 1, 0);
  b.AddEdge(global, EdgeType::kProperty, "agent", agent);
  NodeIndex lists = global;  // some way from the root
  for (int i = 0; i < 8; ++i) {
    const NodeIndex below = node(NodeType::kObject, "Object", 32);
    b.AddEdge(lists, EdgeType::kProperty, "lists", below);
    lists = below;
  }
  const NodeIndex list = node(NodeType::kObject, "TimersList", 64);
  b.AddLocation(list, 40, 1, 0);
  b.AddEdge(lists, EdgeType::kElement, 5000, list);
  const NodeIndex metrics = node(NodeType::kObject, "Map", 32);
  const NodeIndex table = node(NodeType::kArray, "", 64);
  b.AddEdge(agent, EdgeType::kProperty, "metrics", metrics);
  b.AddEdge(metrics, EdgeType::kInternal, "table", table);
  const NodeIndex own = node(NodeType::kObject, "Timeout", 96);
  b.AddLocation(own, 40, 9, 0);
  b.AddEdge(agent, EdgeType::kProperty, "timer", own);
  NodeIndex last = own, meter;
  const auto link = [&](NodeIndex from, NodeIndex to) {
    b.AddEdge(from, EdgeType::kProperty, "_idleNext", to);
    b.AddEdge(to, EdgeType::kProperty, "_idlePrev", from);
  };
  link(list, own);
  for (uint32_t i = 0; i < meter_count; ++i) {
    const NodeIndex t = node(NodeType::kObject, "Timeout", 96);
    const NodeIndex tick = node(NodeType::kClosure, "tick", 64);
    const NodeIndex scope = node(NodeType::kObject, "system / Context", 32);
    meter = node(NodeType::kObject, "Meter", 128);
    b.AddLocation(t, 40, 9, 0);
    b.AddLocation(tick, 42, 5, 0);
    b.AddLocation(meter, 42, 1, 0);
    b.AddEdge(t, EdgeType::kProperty, "_onTimeout", tick);
    b.AddEdge(tick, EdgeType::kInternal, "shared", meter_code);
    b.AddEdge(tick, EdgeType::kInternal, "context", scope);
    b.AddEdge(scope, EdgeType::kContext, "self", meter);
    b.AddEdge(meter, EdgeType::kProperty, "_timer", t);
    link(last, t);
    last = t;
  }
  link(last, list);
  b.AddEdge(table, EdgeType::kInternal, "1", meter);
  return b.Build();
}

TEST(FindLeaks, WhoKnowsOneTimerIsNotToBlameForItsRing) {
  std::vector<Session> sessions;
  for (const uint32_t n : {400u, 1400u, 2400u}) sessions.push_back(Session::FromGraph(Timers(n)));
  const Findings f = Ask(sessions);
  EXPECT_EQ(f.verdict, Verdict::kLeak);
  ASSERT_TRUE(f.culprit.has_value());
  EXPECT_EQ(f.culprit->place.file, "lib/meter.js");
  ASSERT_FALSE(f.suspects.empty());
  EXPECT_EQ(f.suspects[0].class_name, "Meter");
  ASSERT_TRUE(f.suspects[0].owner.has_value());
  EXPECT_EQ(f.suspects[0].owner->class_name, "TimersList");
  for (const TrailStep& step : f.suspects[0].trail) EXPECT_NE(step.class_name, "Agent");
}

// Templates, made by new Function, in a plain object that a package exports. The module object is
// Node's own, and what it exports is nobody's by its class.
//   modules[] ─▶ Module ─exports▶ Object ─cache▶ Object ─▶ closure template
//                 └ filename "/srv/node_modules/views/lib/index.js"
HeapGraph Exports(uint32_t template_count) {
  CodeBuilder code;
  GraphBuilder& b = code.b;
  const auto node = [&](NodeType type, const char* name, uint64_t size) {
    return code.Node(type, name, size);
  };
  constexpr const char* kViews = "/srv/node_modules/views/lib/index.js";
  const NodeIndex global = code.global;
  const auto [loader_code, loader] =
      code.Function("node:internal/modules/cjs/loader", "Module", 40);
  const auto [views_code, render] = code.Function(kViews, "render", 41);
  const auto [lexer_code, lexer] = code.Function("/srv/node_modules/lexer/index.js", "Lexer", 42);
  const auto [template_code, first] = code.Function("", "template", 43);
  for (const NodeIndex f : {loader, render, lexer}) {
    b.AddEdge(global, EdgeType::kElement, f.value(), f);
  }
  const NodeIndex modules = node(NodeType::kObject, "Array", 32);
  const NodeIndex module = node(NodeType::kObject, "Module", 64);
  const NodeIndex exported = node(NodeType::kObject, "Object", 64);
  const NodeIndex cache = node(NodeType::kObject, "Object", 64);
  b.AddLocation(module, 40, 1, 0);
  b.AddEdge(global, EdgeType::kProperty, "children", modules);
  b.AddEdge(modules, EdgeType::kElement, 0, module);
  b.AddEdge(module, EdgeType::kProperty, "filename", node(NodeType::kString, kViews, 64));
  b.AddEdge(module, EdgeType::kProperty, "exports", exported);
  b.AddEdge(exported, EdgeType::kProperty, "cache", cache);
  for (uint32_t i = 0; i < template_count; ++i) {
    const NodeIndex made = node(NodeType::kClosure, "template", 400);
    b.AddEdge(made, EdgeType::kInternal, "shared", template_code);
    b.AddLocation(made, 43, 1, 0);
    b.AddEdge(cache, EdgeType::kProperty, "mail " + std::to_string(i), made);
  }
  return b.Build();
}

TEST(FindLeaks, WhatAModuleExportsIsItsFiles) {
  std::vector<Session> sessions;
  for (const uint32_t n : {400u, 1400u, 2400u}) sessions.push_back(Session::FromGraph(Exports(n)));
  const Findings f = Ask(sessions);
  ASSERT_TRUE(f.culprit.has_value());
  EXPECT_EQ(f.culprit->place.package, "views");
  EXPECT_EQ(f.culprit->place.file, "lib/index.js");
  ASSERT_TRUE(f.suspects[0].owner.has_value());
  EXPECT_EQ(f.suspects[0].owner->package, "views");
}

// Connections in a list of the application, each in a record of it. What the library hangs below
// them is knotted: a function of each is known to the next one as well, so it is the list that all
// of it hangs below.
//   global ─▶ closure listen ─context▶ Context ─subscribers▶ Array ─[]▶ Object ─socket▶ Socket
//                                                               Socket ─close, before▶ closure
HeapGraph Subscribers(uint32_t count) {
  CodeBuilder code;
  GraphBuilder& b = code.b;
  const auto node = [&](NodeType type, const char* name, uint64_t size) {
    return code.Node(type, name, size);
  };
  const NodeIndex global = code.global;
  const auto [app_code, listen] = code.Function("/srv/app.js", "listen", 40);
  const auto [library_code, upgrade] =
      code.Function("/srv/node_modules/wires/socket.js", "open", 41);
  for (const NodeIndex f : {listen, upgrade}) b.AddEdge(global, EdgeType::kElement, f.value(), f);
  const NodeIndex scope = node(NodeType::kObject, "system / Context", 32);
  const NodeIndex list = node(NodeType::kObject, "Array", 32);
  b.AddEdge(scope, EdgeType::kInternal, "scope_info", node(NodeType::kCode, "ScopeInfo", 16));
  b.AddEdge(listen, EdgeType::kInternal, "context", scope);
  b.AddEdge(scope, EdgeType::kContext, "subscribers", list);
  b.AddEdge(list, EdgeType::kInternal, "elements",
            node(NodeType::kArray, "(object elements)", 16 + 8 * count));
  NodeIndex before;
  for (uint32_t i = 0; i < count; ++i) {
    const NodeIndex record = node(NodeType::kObject, "Object", 48);
    const NodeIndex socket = node(NodeType::kObject, "Socket", 200);
    const NodeIndex close = node(NodeType::kClosure, "onClose", 64);
    b.AddLocation(socket, 41, 1, 0);
    b.AddLocation(close, 41, 9, 0);
    b.AddEdge(list, EdgeType::kElement, i, record);
    b.AddEdge(record, EdgeType::kProperty, "socket", socket);
    b.AddEdge(socket, EdgeType::kProperty, "close", close);
    b.AddEdge(close, EdgeType::kInternal, "shared", library_code);
    if (before.valid()) b.AddEdge(socket, EdgeType::kProperty, "before", before);
    before = close;
  }
  return b.Build();
}

TEST(FindLeaks, WhoseListItIsCountsForMoreThanWhatIsKnottedBelowIt) {
  std::vector<Session> sessions;
  for (const uint32_t n : {400u, 1400u, 2400u}) {
    sessions.push_back(Session::FromGraph(Subscribers(n)));
  }
  const Findings f = Ask(sessions);
  EXPECT_EQ(f.verdict, Verdict::kLeak);
  ASSERT_TRUE(f.culprit.has_value());
  EXPECT_EQ(f.culprit->place.package, "app");
}

// A package's object keeps on a list, for each call, an object of its own that leads to a function
// of the application.
//   global ─▶ Subject ─`list`▶ Array ─[]▶ Subscriber ─next▶ closure onQuote
// There may be a copy of the list, and the functions may be on another list besides.
HeapGraph Subject(const char* list_name, uint32_t count, const char* copy_name = nullptr,
                  bool calls_too = false) {
  CodeBuilder code;
  GraphBuilder& b = code.b;
  const auto node = [&](NodeType type, const char* name, uint64_t size) {
    return code.Node(type, name, size);
  };
  const NodeIndex global = code.global;
  const auto [app_code, handle] = code.Function("/srv/quotes.js", "onQuote", 40);
  const auto [library_code, subscribe] =
      code.Function("/srv/node_modules/streams/subject.js", "Subscriber", 41);
  for (const NodeIndex f : {handle, subscribe}) b.AddEdge(global, EdgeType::kElement, f.value(), f);
  const NodeIndex subject = node(NodeType::kObject, "Subject", 64);
  const NodeIndex list = node(NodeType::kObject, "Array", 32);
  b.AddLocation(subject, 41, 1, 0);
  b.AddEdge(global, EdgeType::kProperty, "quotes", subject);
  b.AddEdge(subject, EdgeType::kProperty, list_name, list);
  b.AddEdge(list, EdgeType::kInternal, "elements",
            node(NodeType::kArray, "(object elements)", 16 + 8 * count));
  const NodeIndex copy = node(NodeType::kObject, "Array", 32);
  if (copy_name != nullptr) b.AddEdge(subject, EdgeType::kProperty, copy_name, copy);
  const NodeIndex calls = node(NodeType::kObject, "Array", 32);
  if (calls_too) b.AddEdge(subject, EdgeType::kProperty, "calls", calls);
  for (uint32_t i = 0; i < count; ++i) {
    const NodeIndex subscriber = node(NodeType::kObject, "Subscriber", 200);
    const NodeIndex next = node(NodeType::kClosure, "onQuote", 64);
    b.AddLocation(subscriber, 41, 9, 0);
    b.AddLocation(next, 40, 9, 0);
    b.AddEdge(list, EdgeType::kElement, i, subscriber);
    if (copy_name != nullptr) b.AddEdge(copy, EdgeType::kElement, i, subscriber);
    if (calls_too) b.AddEdge(calls, EdgeType::kElement, i, next);
    b.AddEdge(subscriber, EdgeType::kProperty, "next", next);
    b.AddEdge(next, EdgeType::kInternal, "shared", app_code);
  }
  return b.Build();
}

TEST(FindLeaks, WhoRegistersWithAPackageIsToBlameForItsListOfObservers) {
  const auto blamed = [](const char* list_name, const char* copy_name = nullptr,
                         bool calls_too = false) {
    std::vector<Session> sessions;
    for (const uint32_t n : {400u, 1400u, 2400u}) {
      sessions.push_back(Session::FromGraph(Subject(list_name, n, copy_name, calls_too)));
    }
    const Findings f = Ask(sessions);
    EXPECT_EQ(f.verdict, Verdict::kLeak);
    return f.culprit ? f.culprit->place.package + " " + f.culprit->place.file : "";
  };
  EXPECT_EQ(blamed("observers"), "app quotes.js");
  EXPECT_EQ(blamed("observers_"), "app quotes.js");
  EXPECT_EQ(blamed("currentListeners"), "app quotes.js");
  EXPECT_EQ(blamed("pending"),
            "streams subject.js");  // what to do with it is the package's to know
  EXPECT_EQ(blamed("observers", "atThisTurn"), "app quotes.js");
  EXPECT_EQ(blamed("pending", "atThisTurn"), "streams subject.js");
  EXPECT_EQ(blamed("observers", nullptr, true), "app quotes.js");
  EXPECT_EQ(blamed("observers", "atThisTurn", true), "app quotes.js");
}

// Two ports for each request, which nothing but the engine holds, with much on each; and small
// functions: one of the service for each pair, and there may be one of a package.
//   root ─▶ MessagePort, MessagePort ─listener▶ closure onMessage
HeapGraph Ports(uint32_t pairs, bool of_two_packages) {
  CodeBuilder code;
  GraphBuilder& b = code.b;
  const auto [app_code, handle] = code.Function("/srv/thumbs.js", "onMessage", 40);
  const auto [other_code, other] = code.Function("/srv/node_modules/audio/index.js", "onAudio", 41);
  for (const NodeIndex f : {handle, other})
    b.AddEdge(code.global, EdgeType::kElement, f.value(), f);
  for (uint32_t i = 0; i < pairs; ++i) {
    const NodeIndex mine = code.Node(NodeType::kObject, "MessagePort", 4000);
    const NodeIndex theirs = code.Node(NodeType::kObject, "MessagePort", 4000);
    for (const bool second : {false, true}) {
      if (second && !of_two_packages) continue;
      const NodeIndex listener =
          code.Node(NodeType::kClosure, second ? "onAudio" : "onMessage", 64);
      b.AddLocation(listener, second ? 41 : 40, 9, 0);
      b.AddEdge(listener, EdgeType::kInternal, "shared", second ? other_code : app_code);
      for (const NodeIndex port : {mine, theirs}) {
        b.AddEdge(port, EdgeType::kProperty, second ? "audio" : "listener", listener);
      }
    }
    for (const NodeIndex port : {mine, theirs}) {
      b.AddEdge(NodeIndex(0), EdgeType::kElement, port.value(), port);
    }
  }
  return b.Build();
}

TEST(FindLeaks, AFunctionForEachPairTellsWhereThePairsComeFrom) {
  const auto ask = [](bool of_two_packages) {
    std::vector<Session> sessions;
    for (const uint32_t n : {1000u, 3000u, 5000u}) {
      sessions.push_back(Session::FromGraph(Ports(n, of_two_packages)));
    }
    return Ask(sessions);
  };
  const Findings f = ask(false);
  EXPECT_EQ(f.verdict, Verdict::kLeak);
  ASSERT_FALSE(f.suspects.empty());
  EXPECT_EQ(f.suspects[0].class_name, "MessagePort");
  EXPECT_EQ(f.suspects[0].count, (std::vector<uint64_t>{2000, 6000, 10000}));
  ASSERT_TRUE(f.culprit.has_value());
  EXPECT_EQ(f.culprit->place.package + " " + f.culprit->place.file, "app thumbs.js");
  const Findings two = ask(true);
  EXPECT_EQ(two.verdict, Verdict::kLeak);
  EXPECT_FALSE(two.culprit.has_value()) << "which of the two";
}

std::string RemarkOfOwner(const Findings& f) {
  if (f.suspects.empty()) return "";
  for (const TrailStep& step : f.suspects[0].trail) {
    if (step.class_name == "Map") return step.why;
  }
  return "";
}

TEST(FindLeaks, TheTrailCountsWhatTheOwnerHolds) {
  EXPECT_EQ(RemarkOfOwner(Ask({Ids(0, 400), Ids(0, 1400), Ids(0, 2400)})),
            "holds all 2,000 new objects");
  EXPECT_EQ(RemarkOfOwner(Ask({Ids(0, 2000)})), "holds all 2,000 objects");
}

TEST(FindLeaks, TheOwnersEntriesAreCountedFromTheFirstSnapshotOn) {
  const Findings f = Ask({Ids(0, 400), Ids(0, 1400), Ids(0, 2400)});
  ASSERT_FALSE(f.suspects.empty() || !f.suspects[0].owner);
  EXPECT_EQ(f.suspects[0].owner->entry_count, (std::vector<uint64_t>{400, 1400, 2400}));
}

TEST(FindLeaks, EntriesThatASnapshotHasElsewhereAreNotCounted) {
  std::vector<Session> sessions;
  for (const auto& [n, name] : {std::pair{400u, "lines"}, {1400u, "current"}, {2400u, "lines"}}) {
    sessions.push_back(Session::FromGraph(Service(Ids(0, n), name, {})));
  }
  const Findings f = Ask(sessions);
  ASSERT_FALSE(f.suspects.empty() || !f.suspects[0].owner);
  EXPECT_EQ(f.suspects[0].owner->entry_count, std::vector<uint64_t>());
}

Findings AskWith(const AddTo& add_to) {
  std::vector<Session> sessions;
  for (const uint32_t n : {400u, 1400u, 2400u}) {
    sessions.push_back(Session::FromGraph(Service(Ids(0, n), "lines", add_to)));
  }
  return Ask(sessions);
}

// line ─timer▶ Timeout ─_onTimeout▶ closure, and the timer's delay in _repeat if it is an interval.
AddTo Timer(bool fires_once) {
  return [fires_once](GraphBuilder& b, NodeIndex line, uint32_t id) {
    const NodeIndex timer = b.AddNode(NodeType::kObject, "Timeout", 1'000'000 + id, 80);
    const NodeIndex call = b.AddNode(NodeType::kClosure, "expire", 2'000'000 + id, 64);
    b.AddEdge(line, EdgeType::kProperty, "timer", timer);
    b.AddEdge(timer, EdgeType::kProperty, "_onTimeout", call);
    if (!fires_once) return;
    b.AddEdge(timer, EdgeType::kProperty, "_repeat",
              b.AddNode(NodeType::kHidden, "null", 3'000'000 + id, 16));
  };
}

TEST(FindLeaks, WhatATimerWillLetGoIsInconclusive) {
  const Findings f = AskWith(Timer(true));
  EXPECT_EQ(f.verdict, Verdict::kInconclusive);
  EXPECT_NE(f.reason.find("timer that fires once"), std::string::npos) << f.reason;
}

TEST(FindLeaks, AnIntervalLetsNothingGo) {
  EXPECT_EQ(AskWith(Timer(false)).verdict, Verdict::kLeak);
}

TEST(FindLeaks, BuffersAreToldByTheObjectThatHoldsThem) {
  const Findings f = AskWith([](GraphBuilder& b, NodeIndex line, uint32_t id) {
    const NodeIndex view = b.AddNode(NodeType::kObject, "Uint8Array", 1'000'000 + id, 96);
    const NodeIndex buffer = b.AddNode(NodeType::kObject, "ArrayBuffer", 2'000'000 + id, 96);
    const NodeIndex store =
        b.AddNode(NodeType::kNative, "system / JSArrayBufferData", 3'000'000 + id, 4096);
    b.AddEdge(line, EdgeType::kProperty, "frame", view);
    b.AddEdge(view, EdgeType::kInternal, "buffer", buffer);
    b.AddEdge(buffer, EdgeType::kInternal, "backing_store", store);
  });
  ASSERT_EQ(f.buffers.size(), 1u);
  EXPECT_EQ(f.buffers[0].class_name, "Line");
  EXPECT_EQ(f.buffers[0].property, "frame");
  EXPECT_EQ(f.buffers[0].package, "cart");
  EXPECT_EQ(f.buffers[0].count, 2400u);
  EXPECT_EQ(f.buffers[0].size, 2400u * 4096);
  EXPECT_EQ(f.buffers[0].largest, 4096u);
}

TEST(FindLeaks, NoSnapshotIsAWrongCall) {
  const Result<Findings> f = FindLeaks({}, {});
  ASSERT_FALSE(f.has_value());
  EXPECT_EQ(f.error().kind, ErrorKind::kUsage);
}

TEST(FindLeaks, PackagesAddUpToTheHeap) {
  Session s = Session::FromGraph(Service(Ids(0, 100)));
  const PackageTable t = ComputePackageTable(s, /*read_manifests=*/false);
  uint64_t sum = 0;
  for (const PackageRow& row : t.rows) sum += row.shallow_size;
  EXPECT_EQ(sum, s.graph().total_self_size());
  const auto cart = std::find_if(t.rows.begin(), t.rows.end(),
                                 [](const PackageRow& r) { return r.package == "cart"; });
  ASSERT_NE(cart, t.rows.end());
  EXPECT_EQ(cart->file_count, 1u);
  EXPECT_GE(cart->retained_size, 100u * 200u);
}

}  // namespace
}  // namespace leaktrail
