// A small service in three snapshots: what trail answers, without a file.
#include "engine/find_leaks.h"

#include <gtest/gtest.h>

#include <vector>

#include "heap/graph_builder.h"

namespace leaktrail {
namespace {

constexpr const char* kPath = "/srv/node_modules/cart/lib/store.js";

// A Map of package `cart` in a scope; holds objects of class Line with the given ids.
//   global ─▶ closure add ─context▶ Context ─lines▶ Map ─table▶ (array) ─▶ Line
HeapGraph Service(const std::vector<uint32_t>& line_ids) {
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
  b.AddEdge(scope, EdgeType::kContext, "lines", map);
  b.AddEdge(map, EdgeType::kInternal, "table", table);
  b.AddLocation(add, 44, 9, 4);
  uint32_t slot = 0;
  for (const uint32_t id : line_ids) {
    const NodeIndex line = b.AddNode(NodeType::kObject, "Line", id, 200);
    b.AddEdge(table, EdgeType::kInternal, std::to_string(slot++), line);
    b.AddLocation(line, 44, 2, 0);
  }
  return b.Build();
}

std::vector<uint32_t> Ids(uint32_t first, uint32_t last) {  // first ≤ i < last
  std::vector<uint32_t> ids;
  for (uint32_t i = first; i < last; ++i) ids.push_back(1001 + 2 * i);
  return ids;
}

Findings Ask(const std::vector<std::vector<uint32_t>>& snapshots) {
  std::vector<Session> sessions;
  for (const auto& ids : snapshots) sessions.push_back(Session::FromGraph(Service(ids)));
  std::vector<Session*> pointers;
  for (Session& s : sessions) pointers.push_back(&s);
  FindLeaksOptions options;
  options.read_manifests = false;
  Result<Findings> findings = FindLeaks(pointers, options);
  EXPECT_TRUE(findings.has_value());
  return findings ? *findings : Findings{};
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
