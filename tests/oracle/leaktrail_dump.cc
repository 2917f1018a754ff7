// Writes everything that the engine computes of some snapshots, for comparison with Chrome
// DevTools' engine (compare.mjs).
//
//   leaktrail-dump OUT_FOLDER FILE…
//
// For the k-th file: OUT_FOLDER/k.bin, the columns by node, and OUT_FOLDER/k.json, the tables. For
// each pair of files: OUT_FOLDER/i-k.diff.json.
//
// Columns: "HSORACL1", the JSON header's length as a little-endian uint32, the header padded with
// blanks to 8, then each column padded to 8, in the header's order.

#include <algorithm>
#include <bit>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "analysis/diff.h"
#include "analysis/duplicate_strings.h"
#include "analysis/node_text.h"
#include "engine/session.h"

namespace leaktrail {
namespace {

using Json = nlohmann::ordered_json;

constexpr uint32_t kSampleCount = 400;     // nodes whose texts and retainers are written
constexpr size_t kMaxRetainerRows = 3000;  // of one node

static_assert(std::endian::native == std::endian::little);

struct Column {
  std::string name, type;
  std::vector<char> bytes;
};

template <typename T>
Column MakeColumn(const char* name, const char* type, const std::vector<T>& values) {
  Column c{name, type, std::vector<char>(values.size() * sizeof(T))};
  if (!values.empty()) std::memcpy(c.bytes.data(), values.data(), c.bytes.size());
  return c;
}

template <typename T, typename F>
Column ByNode(const char* name, const char* type, const HeapGraph& graph, const F& value) {
  std::vector<T> values;
  values.reserve(graph.node_count());
  for (NodeIndex n : graph.nodes()) values.push_back(static_cast<T>(value(n)));
  return MakeColumn(name, type, values);
}

Column EssentialEdges(Session& session) {
  const HeapGraph& graph = session.graph();
  const NodeSet& page_objects = session.dominators().page_objects;
  std::vector<uint8_t> bits((size_t{graph.edge_count()} + 7) / 8);
  for (NodeIndex n : graph.nodes()) {
    for (EdgeIndex e : graph.edges_of(n)) {
      if (IsEssentialEdge(graph, page_objects, n, e)) {
        bits[e.value() / 8] |= static_cast<uint8_t>(1u << e.value() % 8);
      }
    }
  }
  return MakeColumn("essentialEdges", "bits", bits);
}

bool WriteFile(const std::string& path, const std::string& text) {
  std::ofstream out(path, std::ios::binary);
  out.write(text.data(), static_cast<std::streamsize>(text.size()));
  return out.good();
}

std::string ToText(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n';
}

bool WriteColumns(Session& s, const std::string& path) {
  const HeapGraph& graph = s.graph();
  const ShallowSizes& shallow = s.shallow_sizes();
  const auto& retained = s.retained_sizes();
  const auto& distances = s.distances();
  const auto& classes = s.classes();
  const DominatorTree& tree = s.dominators();
  std::vector<Column> columns;
  columns.push_back(
      ByNode<uint32_t>("id", "Uint32", graph, [&](NodeIndex n) { return graph.id(n); }));
  columns.push_back(
      ByNode<uint8_t>("type", "Uint8", graph, [&](NodeIndex n) { return graph.type(n); }));
  columns.push_back(ByNode<uint32_t>("classId", "Uint32", graph,
                                     [&](NodeIndex n) { return classes.class_of(n).value(); }));
  columns.push_back(ByNode<double>("rawSelfSize", "Float64", graph,
                                   [&](NodeIndex n) { return graph.self_size(n); }));
  columns.push_back(
      ByNode<double>("selfSize", "Float64", graph, [&](NodeIndex n) { return shallow.of(n); }));
  columns.push_back(ByNode<double>("retainedSize", "Float64", graph,
                                   [&](NodeIndex n) { return retained[n.value()]; }));
  columns.push_back(ByNode<int32_t>("distance", "Int32", graph,
                                    [&](NodeIndex n) { return distances[n.value()]; }));
  columns.push_back(ByNode<uint32_t>("dominator", "Uint32", graph,
                                     [&](NodeIndex n) { return tree.idom[n.value()]; }));
  columns.push_back(EssentialEdges(s));

  Json header;
  header["nodeCount"] = graph.node_count();
  header["edgeCount"] = graph.edge_count();
  for (int t = 0; t <= static_cast<int>(NodeType::kOther); ++t) {
    header["nodeTypes"].push_back(NodeTypeName(static_cast<NodeType>(t)));
  }
  header["columns"] = Json::array();
  size_t offset = 0;
  for (Column& c : columns) {
    header["columns"].push_back({{"name", c.name}, {"type", c.type}, {"offset", offset}});
    c.bytes.resize((c.bytes.size() + 7) / 8 * 8);
    offset += c.bytes.size();
  }
  header["classKeys"] = Json::array();
  for (const ClassKey& key : classes.keys) header["classKeys"].push_back(key.ToString());
  std::string json = header.dump(-1, ' ', false, Json::error_handler_t::replace);
  json.resize((12 + json.size() + 7) / 8 * 8 - 12, ' ');
  std::string file = "HSORACL1";
  const auto length = static_cast<uint32_t>(json.size());
  file.append(reinterpret_cast<const char*>(&length), sizeof length);
  file += json;
  for (const Column& c : columns) file.append(c.bytes.data(), c.bytes.size());
  return WriteFile(path, file);
}

Json ClassRows(Session& s) {
  std::vector<int32_t> nearest(s.classes().keys.size(), INT32_MAX);
  for (NodeIndex n : s.graph().nodes()) {
    if (s.shallow_sizes().of(n) == 0) continue;
    int32_t& d = nearest[s.classes().class_of(n).value()];
    d = std::min(d, s.distances()[n.value()]);
  }
  Json rows = Json::array();
  for (const ClassRow& r : s.class_summary()) {
    rows.push_back({{"key", s.classes().key(r.class_index).ToString()},
                    {"count", r.count},
                    {"distance", nearest[r.class_index.value()]},
                    {"shallow", r.shallow_size},
                    {"retained", r.retained_size}});
  }
  return rows;
}

// Evenly over the graph, so that the choice depends on nothing but the node count; and the hubs,
// whose retainers are the longest lists.
std::vector<NodeIndex> SampleNodes(Session& s) {
  const uint32_t count = s.graph().node_count();
  std::vector<NodeIndex> sample;
  for (uint32_t k = 0; k < std::min(count, kSampleCount); ++k) {
    sample.push_back(
        NodeIndex(static_cast<uint32_t>(uint64_t{count} * k / std::min(count, kSampleCount))));
  }
  std::vector<NodeIndex> hubs;
  uint32_t cons_left = kSampleCount;
  for (NodeIndex n : s.graph().nodes()) {
    const size_t degree = s.retainers().edges_into(n).size();
    if (degree > 200 && degree < kMaxRetainerRows && hubs.size() < 50) hubs.push_back(n);
    if (s.graph().type(n) == NodeType::kConsString && cons_left > 0) {
      --cons_left;
      sample.push_back(n);
    }
  }
  sample.insert(sample.end(), hubs.begin(), hubs.end());
  return sample;
}

Json Tables(Session& s) {
  Json j;
  const HeapStatistics& t = s.statistics();
  j["statistics"] = {
      {"total", t.total},  {"nativeTotal", t.native_total}, {"typedArrays", t.typed_arrays},
      {"code", t.code},    {"jsArrays", t.js_arrays},       {"strings", t.strings},
      {"system", t.system}};
  j["interfaces"] = Json::array();
  for (const InterfaceDefinition& d : s.classes().interfaces) {
    j["interfaces"].push_back({{"name", d.name}, {"properties", d.properties}});
  }
  j["classes"] = ClassRows(s);
  j["nodes"] = Json::array();
  for (NodeIndex n : SampleNodes(s)) {
    Json retainers = Json::array();
    for (const Retainer& r :
         FindRetainers(s.graph(), s.retainers(), s.distances(), n, s.detached())) {
      if (retainers.size() == kMaxRetainerRows) break;
      retainers.push_back({r.edge.value(), r.from.value(), r.distance});
    }
    j["nodes"].push_back({{"ordinal", n.value()},
                          {"text", NodeText(s.graph(), s.detached(), n)},
                          {"retainers", retainers}});
  }
  j["duplicateStrings"] = Json::array();
  for (const DuplicateString& d : FindDuplicateStrings(s.graph(), s.shallow_sizes())) {
    j["duplicateStrings"].push_back({d.text, d.count, d.total_size});
  }
  return j;
}

Json DiffRows(Session& base, Session& current) {
  const ClassTable base_classes =
      ComputeClasses(base.graph(), base.detached(), &current.classes().interfaces);
  const SnapshotDiff diff = ComputeDiff(
      {base.graph(), base_classes, base.shallow_sizes()},
      {current.graph(), current.classes(), current.shallow_sizes()}, MatchedBy::kNodeId);
  Json rows = Json::array();
  for (const DiffRow& r : diff.rows) {
    rows.push_back({{"key", r.key.ToString()},
                    {"addedCount", r.added_count},
                    {"removedCount", r.removed_count},
                    {"addedSize", r.added_size},
                    {"removedSize", r.removed_size}});
  }
  return {{"comparable", NodeIdsComparable(base.graph(), current.graph())}, {"rows", rows}};
}

int Run(const std::string& folder, const std::vector<std::string>& files) {
  std::vector<Session> sessions;
  for (size_t k = 0; k < files.size(); ++k) {
    Result<Session> opened = Session::Open(files[k], {});
    if (!opened) {
      std::fprintf(stderr, "leaktrail-dump: %s: %s\n", files[k].c_str(),
                   opened.error().message.c_str());
      return 3;
    }
    Session& s = sessions.emplace_back(std::move(*opened));
    s.RunSummaryPasses();
    const std::string stem = folder + '/' + std::to_string(k);
    if (!WriteColumns(s, stem + ".bin") || !WriteFile(stem + ".json", ToText(Tables(s)))) return 4;
    for (size_t i = 0; i < k; ++i) {
      const std::string path = folder + '/' + std::to_string(i) + '-' + std::to_string(k);
      if (!WriteFile(path + ".diff.json", ToText(DiffRows(sessions[i], s)))) return 4;
    }
  }
  return 0;
}

}  // namespace
}  // namespace leaktrail

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fputs("usage: leaktrail-dump OUT_FOLDER FILE...\n", stderr);
    return 2;
  }
  return leaktrail::Run(argv[1], std::vector<std::string>(argv + 2, argv + argc));
}
