// TEMPORARY plain reader (to be replaced by the parallel one): JSON DOM.
#include "snapshot/reader.h"
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <nlohmann/json.hpp>
#include "heap/graph_builder.h"
namespace leaktrail {
namespace {
Result<HeapGraph> Parse(std::string text) {
  using J = nlohmann::json;
  J j = J::parse(text, nullptr, false);
  if (j.is_discarded()) return FailAt(0, "not a heap snapshot");
  const auto& m = j["snapshot"]["meta"];
  std::vector<std::string> nf = m["node_fields"], tn = m["node_types"][0], et = m["edge_types"][0];
  auto at = [&](const char* f) { auto it = std::find(nf.begin(), nf.end(), f); return it == nf.end() ? -1 : int(it - nf.begin()); };
  const int T = at("type"), N = at("name"), I = at("id"), S = at("self_size"), E = at("edge_count"), D = at("detachedness");
  const size_t F = nf.size();
  std::vector<std::string> strs = j["strings"];
  GraphBuilder b;
  const auto& nodes = j["nodes"];
  const size_t n = nodes.size() / F;
  std::vector<uint32_t> ec(n);
  for (size_t i = 0; i < n; ++i) {
    uint32_t t = nodes[i * F + T];
    b.AddNode(t < tn.size() ? NodeTypeFromName(tn[t]) : NodeType::kOther, strs.at(nodes[i * F + N].get<size_t>()),
              nodes[i * F + I].get<uint32_t>(), nodes[i * F + S].get<uint64_t>(), D >= 0 ? static_cast<Detachedness>(nodes[i * F + D].get<int>()) : Detachedness::kUnknown);
    ec[i] = nodes[i * F + E];
  }
  const auto& edges = j["edges"];
  size_t e = 0;
  for (size_t i = 0; i < n; ++i)
    for (uint32_t k = 0; k < ec[i]; ++k, ++e) {
      EdgeType t = EdgeTypeFromName(et.at(edges[e * 3].get<size_t>()));
      NodeIndex from(static_cast<uint32_t>(i)), to(static_cast<uint32_t>(edges[e * 3 + 2].get<size_t>() / F));
      uint32_t label = edges[e * 3 + 1];
      if (NamedByIndex(t)) b.AddEdge(from, t, label, to); else b.AddEdge(from, t, strs.at(label), to);
    }
  if (j.contains("locations")) {
    const auto& l = j["locations"];
    for (size_t i = 0; i + 3 < l.size(); i += 4)
      b.AddLocation(NodeIndex(static_cast<uint32_t>(l[i].get<size_t>() / F)), l[i + 1], l[i + 2], l[i + 3]);
  }
  if (j["snapshot"].contains("extra_native_bytes")) b.set_extra_native_bytes(j["snapshot"]["extra_native_bytes"]);
  return b.Build();
}
}  // namespace
Result<HeapGraph> ReadSnapshotFile(const std::string& path, const ReadOptions& o) {
  (void)o;
  std::string cmd = "zstdcat -f '" + path + "'";
  FILE* f = popen(path.size() > 4 && path.ends_with(".zst") ? cmd.c_str() : ("cat '" + path + "'").c_str(), "r");
  std::string text; char buf[65536]; size_t k;
  while ((k = fread(buf, 1, sizeof buf, f)) > 0) text.append(buf, k);
  pclose(f);
  return Parse(std::move(text));
}
Result<HeapGraph> ReadSnapshotStream(ByteStream stream, const ReadOptions& o) {
  (void)o;
  std::string text; char buf[65536];
  for (;;) { auto r = stream(buf); if (!r) return tl::unexpected(r.error()); if (*r == 0) break; text.append(buf, *r); }
  return Parse(std::move(text));
}
Result<HeapGraph> ReadSnapshotBytes(std::span<const char> bytes, const ReadOptions& o) {
  (void)o;
  return Parse(std::string(bytes.data(), bytes.size()));
}
}  // namespace leaktrail
