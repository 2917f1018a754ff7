#include "tests/fuzz/check_snapshot.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "analysis/diff.h"
#include "analysis/duplicate_strings.h"
#include "analysis/node_text.h"
#include "engine/find_leaks.h"
#include "engine/session.h"
#include "snapshot/reader.h"

namespace leaktrail::testing {
namespace {

#define CHECK_THAT(condition)                                                             \
  do {                                                                                    \
    if (!(condition)) {                                                                   \
      std::fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                       \
    }                                                                                     \
  } while (false)

uint64_t HashBytes(std::span<const char> bytes) {
  uint64_t h = 0xcbf29ce484222325u;
  for (char c : bytes) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return h ^ h >> 29;
}

class Hasher {
 public:
  void Add(uint64_t v) { hash_ = (hash_ ^ v) * 0x9E3779B97F4A7C15u + (hash_ >> 31); }
  void Add(const std::string& s) { Add(HashBytes({s.data(), s.size()})); }
  uint64_t hash() const { return hash_; }

 private:
  uint64_t hash_ = 1;
};

// Also looks whether what a graph promises about itself is true.
uint64_t HashGraph(const HeapGraph& g) {
  Hasher h;
  const GraphColumns& c = g.columns();
  CHECK_THAT(c.first_edge.size() == size_t{g.node_count()} + 1);
  CHECK_THAT(g.node_count() == 0 || c.first_edge[0] == 0);
  for (NodeIndex n : g.nodes()) {
    CHECK_THAT(c.first_edge[n.value()] <= c.first_edge[n.value() + 1]);
    h.Add(static_cast<uint64_t>(g.type(n)));
    h.Add(g.name(n).value());
    h.Add(g.id(n));
    h.Add(g.self_size(n));
    h.Add(static_cast<uint64_t>(g.detachedness(n)));
    h.Add(g.type_name(n));
    for (EdgeIndex e : g.edges_of(n)) {
      CHECK_THAT(g.target(e).value() < g.node_count());
      h.Add(g.target(e).value());
      h.Add(static_cast<uint64_t>(g.edge_type(e)));
      h.Add(g.edge_label(e));
    }
  }
  CHECK_THAT(c.first_edge[g.node_count()] == g.edge_count());
  for (const Location& l : g.locations()) {
    CHECK_THAT(l.node.value() < g.node_count());
    h.Add(l.node.value());
    h.Add(l.script_id);
    h.Add(l.line);
    h.Add(l.column);
  }
  size_t visited = 0;
  g.strings().ForEach(0, static_cast<uint32_t>(g.strings().size()),
                      [&](StringIndex i, std::string_view raw) {
                        CHECK_THAT(i.value() == visited);
                        ++visited;
                        h.Add(std::string(raw));
                      });
  CHECK_THAT(visited == g.strings().size());
  CHECK_THAT(g.strings().unreadable_count() == 0);
  h.Add(g.extra_native_bytes());
  h.Add(g.diagnostics().size());
  return h.hash();
}

// The same graph, or the same complaint. Of a number too long to be in one chunk the place may be
// any of its digits.
void CheckSame(const Result<HeapGraph>& a, const Result<HeapGraph>& b) {
  CHECK_THAT(a.has_value() == b.has_value());
  if (a) {
    CHECK_THAT(HashGraph(*a) == HashGraph(*b));
    return;
  }
  CHECK_THAT(!a.error().message.empty() && a.error().kind == ErrorKind::kBadInput);
  CHECK_THAT(a.error().message == b.error().message && b.error().kind == ErrorKind::kBadInput);
  CHECK_THAT(a.error().byte_offset.has_value());
  CHECK_THAT(a.error().byte_offset == b.error().byte_offset ||
             a.error().message.find("too large") != std::string::npos);
}

Result<HeapGraph> ReadAsStream(std::span<const char> bytes, size_t step,
                               const ReadOptions& options) {
  size_t at = 0;
  return ReadSnapshotStream(
      [bytes, at, step](std::span<char> out) mutable -> Result<size_t> {
        const size_t n = std::min({step, out.size(), bytes.size() - at});
        std::copy_n(bytes.data() + at, n, out.data());
        at += n;
        return n;
      },
      options);
}

void CheckNodes(Session& s, uint64_t seed) {
  const HeapGraph& g = s.graph();
  for (uint32_t k = 0; k < std::min(g.node_count(), 8u); ++k) {
    const NodeIndex n(static_cast<uint32_t>((seed + k * 0x9E3779B9u) % g.node_count()));
    NodeText(g, s.detached(), n);
    for (const Retainer& r : FindRetainers(g, s.retainers(), s.distances(), n, s.detached())) {
      CHECK_THAT(g.target(r.edge) == n && g.FindSource(r.edge) == r.from);
    }
    for (const RetainingPath& path : FindRetainingPaths(g, s.retainers(), s.distances(), n, {})) {
      CHECK_THAT(!path.empty() && path.front().node == g.root() && path.back().node == n);
    }
  }
}

void CheckAnalyses(Session& s, uint64_t seed) {
  const HeapGraph& g = s.graph();
  s.RunSummaryPasses();
  uint64_t in_rows = 0, sum = 0;
  for (const ClassRow& row : s.class_summary()) in_rows += row.shallow_size;
  for (NodeIndex n : g.nodes()) sum += s.shallow_sizes().of(n);
  CHECK_THAT(sum == g.total_self_size());
  CHECK_THAT(in_rows == sum);
  if (g.node_count() > 0) CHECK_THAT(s.retained_sizes()[0] == sum);
  const HeapStatistics& t = s.statistics();
  CHECK_THAT(t.total == sum + g.extra_native_bytes());
  CHECK_THAT(t.native_total + t.code + t.strings + t.system <= t.total);
  for (NodeIndex n : g.nodes()) CHECK_THAT(s.dominators().parent(n).value() < g.node_count());
  // The others take turns, so that each execution is fast.
  switch (seed % 4) {
    case 0: {
      const NodeSet page = ComputePageObjects(g);
      for (NodeIndex n : g.nodes()) {
        CHECK_THAT(s.dominators().page_objects.contains(n) == page.contains(n));
      }
      break;
    }
    case 1: {
      const DiffSide side{g, s.classes(), s.shallow_sizes()};
      CHECK_THAT(ComputeDiff(side, side, MatchedBy::kNodeId).rows.empty());
      CHECK_THAT(ComputeDiff(side, side, MatchedBy::kClass).rows.empty());
      break;
    }
    case 2:
      FindDuplicateStrings(g, s.shallow_sizes());
      break;
    default:
      for (NodeIndex n : g.nodes()) CHECK_THAT(s.distances()[n.value()] >= kNoDistance);
      CheckNodes(s, seed);
  }
}

// Packages, growth, suspects and trails, of one snapshot and of it compared with itself.
void CheckFindings(Session& s, std::span<const char> bytes, const ReadOptions& options) {
  FindLeaksOptions leaks;
  leaks.read_manifests = false;
  Session* one[] = {&s};
  (void)FindLeaks(one, leaks);
  Result<HeapGraph> again = ReadSnapshotBytes(bytes, options);
  CHECK_THAT(again.has_value());
  Session other = Session::FromGraph(std::move(*again));
  Session* two[] = {&s, &other};
  (void)FindLeaks(two, leaks);
  ComputePackageTable(s, false);
}

}  // namespace

void CheckSnapshot(std::span<const char> bytes) {
  const uint64_t mode = HashBytes(bytes);
  ReadOptions plain;
  plain.threads = 1;
  plain.chunk_bytes = 4096;  // the real size would cost more to clear than the rest takes
  plain.tolerant = mode % 4 == 0;
  ReadOptions cut = plain;
  cut.chunk_bytes = static_cast<uint32_t>(1 + (mode >> 8) % 200);
  cut.threads = mode % 32 == 1 ? 3 : 1;

  Result<HeapGraph> graph = ReadSnapshotBytes(bytes, plain);
  const uint64_t turn = mode >> 40;
  if (turn % 3 == 0) {
    CheckSame(graph, ReadAsStream(bytes, 1 + (mode >> 16) % 300, cut));
  } else if (turn % 9 == 1) {
    CheckSame(graph, ReadSnapshotBytes(bytes, cut));
  }
  if (!graph && !plain.tolerant && mode % 2 == 1) {
    plain.tolerant = true;
    graph = ReadSnapshotBytes(bytes, plain);
    if (graph) CHECK_THAT(!graph->diagnostics().empty());
  }
  if (!graph) return;
  Session session = Session::FromGraph(std::move(*graph));
  CheckAnalyses(session, mode >> 20);
  if (turn % 16 == 5) CheckFindings(session, bytes, plain);
}

}  // namespace leaktrail::testing
