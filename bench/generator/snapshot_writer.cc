#include "generator/snapshot_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <stdexcept>

namespace leaktrail::bench {
namespace {

constexpr std::uint32_t kDead = 0xffffffff;

constexpr std::uint32_t kUnitsPerBlock = 20;

// One request in so many is also held by a handle, one in so many by the stack.
constexpr std::size_t kHandleStride = 499;
constexpr std::size_t kStackStride = 1999;

// A text as V8 writes it: ASCII, with upper-case hexadecimal escapes.
void PutJsonString(TextSink& sink, std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  sink.Put('"');
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      sink.Put('\\');
      sink.Put(c);
    } else if (c == '\n') {
      sink.Put("\\n");
    } else if (byte < 0x20 || byte > 0x7e) {
      sink.Put("\\u00");
      sink.Put(kHex[byte >> 4]);
      sink.Put(kHex[byte & 15]);
    } else {
      sink.Put(c);
    }
  }
  sink.Put('"');
}

std::uint32_t Narrow(std::uint64_t count) {
  if (count >= 0xffffffffu) throw std::length_error("more than 2^32 - 2 nodes or strings");
  return static_cast<std::uint32_t>(count);
}

}  // namespace

SnapshotWriter::SnapshotWriter(const BaseHeap& base, UnitBuilder& builder,
                               const Population& population, std::uint64_t seed,
                               LongStrings long_strings)
    : base_(base),
      builder_(builder),
      population_(population),
      seed_(seed),
      long_strings_(long_strings),
      node24_(base.layout() == Layout::kNode24),
      field_count_(node24_ ? 6 : 7) {}

std::uint32_t SnapshotWriter::live_count() const {
  return static_cast<std::uint32_t>(population_.requests().size() + population_.samples().size());
}

std::uint32_t SnapshotWriter::unit_at(std::uint32_t position) const {
  const auto& requests = population_.requests();
  return position < requests.size() ? requests[position]
                                    : population_.samples()[position - requests.size()];
}

std::uint32_t SnapshotWriter::block_count() const {
  return (live_count() + kUnitsPerBlock - 1) / kUnitsPerBlock;
}

void SnapshotWriter::BuildBlock(std::uint32_t block) {
  const std::uint32_t begin = block * kUnitsPerBlock;
  const std::uint32_t count = std::min(kUnitsPerBlock, live_count() - begin);
  const auto requests = static_cast<std::uint32_t>(population_.requests().size());
  block_.units.resize(kUnitsPerBlock);
  block_.node_positions.resize(kUnitsPerBlock);
  block_.numbers.clear();
  for (auto& region : block_.waves) {
    for (auto& wave : region) wave.clear();
  }
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint32_t position = begin + i;
    const UnitKind kind = position < requests ? UnitKind::kRequest : UnitKind::kSample;
    const std::uint32_t number = unit_at(position);
    block_.numbers.push_back(number);
    Unit& unit = block_.units[i];
    builder_.Build(
        number, kind,
        population_.NeighboursOf(kind, kind == UnitKind::kRequest ? position : position - requests),
        population_.first_id(number), unit);
    block_.node_positions[i].resize(unit.nodes().size());
    for (std::uint32_t k = 0; k < unit.nodes().size(); ++k) {
      const Unit::Node& node = unit.nodes()[k];
      auto& waves = block_.waves[node.region];
      if (waves.size() <= node.wave) waves.resize(node.wave + 1u);
      waves[node.wave].push_back({i, k});
    }
  }
  const auto lay = [&](const auto& waves, std::uint32_t next, std::vector<Slot>& order) {
    order.clear();
    for (const auto& wave : waves) {
      for (const Slot& slot : wave) {
        block_.node_positions[slot.unit][slot.node] = next++;
        order.push_back(slot);
      }
    }
  };
  for (std::uint32_t region = 0; region < kRegionCount; ++region) {
    lay(block_.waves[region], block_places_[block].first_nodes[region], block_.orders[region]);
  }
}

// Counts everything and gives each block and unit its places.
void SnapshotWriter::Lay() {
  const std::uint32_t blocks = block_count();
  places_.assign(population_.unit_count(), {kDead, 0});
  block_places_.assign(blocks, {});
  // Steps about these shares of the file long part neighbours, each region's in another way.
  constexpr double kShares[kRegionCount] = {0, 0.618034, 0.414214, 0.236068};
  for (std::uint32_t region = 0; region < kRegionCount; ++region) {
    std::uint32_t& step = steps_[region];
    step = std::max<std::uint32_t>(1, static_cast<std::uint32_t>(blocks * kShares[region]));
    while (std::gcd(step, std::max(blocks, 1u)) != 1) ++step;
  }

  // Slots of tables are named by number: the cache's table and the roots need the largest ones.
  digit_count_ = std::max(64 + 3 * static_cast<std::uint32_t>(population_.requests().size()),
                          long_strings_.count);
  for (const BaseHeap::Node& base_node : base_.nodes()) {
    counts_.edges += base_node.edges.size();
    for (const Edge& edge : base_node.edges) {
      if (edge.label.kind == Label::Kind::kDigits)
        digit_count_ = std::max(digit_count_, edge.label.value + 1);
    }
  }
  first_digit_text_ = Narrow(base_.strings().size());
  std::uint64_t node = base_.nodes().size();
  std::uint64_t text = first_digit_text_ + std::uint64_t{digit_count_};
  std::vector<std::uint32_t> counts[kRegionCount];
  for (std::uint32_t block = 0; block < blocks; ++block) {
    block_places_[block].first_nodes[0] = Narrow(node);
    BuildBlock(block);
    for (std::uint32_t i = 0; i < block_.numbers.size(); ++i) {
      const Unit& unit = block_.units[i];
      places_[block_.numbers[i]] = {block_.node_positions[i][0], Narrow(text)};
      text += unit.string_count();
      counts_.edges += unit.edge_count();
    }
    node += block_.orders[0].size();
    for (std::uint32_t region = 1; region < kRegionCount; ++region) {
      counts[region].push_back(static_cast<std::uint32_t>(block_.orders[region].size()));
    }
  }
  for (std::uint32_t region = 1; region < kRegionCount; ++region) {
    std::uint32_t block = 0;
    for (std::uint32_t k = 0; k < blocks; ++k, block = NextBlock(block, region)) {
      block_places_[block].first_nodes[region] = Narrow(node);
      node += counts[region][block];
    }
  }
  first_long_node_ = Narrow(node);
  first_long_text_ = Narrow(text);
  counts_.nodes = Narrow(node + long_strings_.count + 1);
  counts_.strings = Narrow(text + long_strings_.count);
  counts_.edges += long_strings_.count;
  wide_edge_counts_.assign(base_.nodes().size(), 0);
  for (const WideNode& wide : base_.wide_nodes()) {
    const std::uint64_t before = wide_edge_counts_[wide.node];
    ForEachWideEdge(
        wide, [&](EdgeType, std::uint32_t, std::uint32_t) { ++wide_edge_counts_[wide.node]; });
    counts_.edges += wide_edge_counts_[wide.node] - before;
  }
}

std::uint32_t SnapshotWriter::NextBlock(std::uint32_t block, std::uint32_t region) const {
  return static_cast<std::uint32_t>((std::uint64_t{block} + steps_[region]) % block_count());
}

template <class Visit>
void SnapshotWriter::ForEachNode(std::uint32_t region, Visit visit) {
  std::uint32_t block = 0;
  for (std::uint32_t k = 0; k < block_count(); ++k, block = NextBlock(block, region)) {
    BuildBlock(block);
    for (const Slot& slot : block_.orders[region]) visit(slot);
  }
}

// Calls emit(type, name or index as a number of the file, target node).
template <class Emit>
void SnapshotWriter::ForEachWideEdge(const WideNode& wide, Emit emit) const {
  const auto& requests = population_.requests();
  const auto& samples = population_.samples();
  // Of an array both the object and its backing store name the elements.
  const auto element = [&](std::uint32_t index, std::uint32_t node) {
    if (wide.is_backing_store) {
      emit(EdgeType::kInternal, first_digit_text_ + index, node);
    } else {
      emit(EdgeType::kElement, index, node);
    }
  };
  switch (wide.kind) {
    case WideKind::kCacheTable:
      for (std::uint32_t i = 0; i < requests.size(); ++i) {
        emit(EdgeType::kInternal, first_digit_text_ + 20 + 3 * i, places_[requests[i]].head_node);
      }
      break;
    case WideKind::kRequestList:
      for (std::uint32_t i = 0; i < requests.size(); ++i) element(i, RequestNode(requests[i]));
      break;
    case WideKind::kProfileTable:
      for (std::uint32_t i = 0; i < requests.size(); ++i) {
        if (!HasProfile(requests[i])) continue;
        const std::uint32_t request = RequestNode(requests[i]);
        emit(EdgeType::kWeak, first_digit_text_ + 7 + 2 * i, request);
        emit(EdgeType::kWeak, first_digit_text_ + 8 + 2 * i, request + 1);
        emit(EdgeType::kInternal, places_[requests[i]].first_string, request + 1);
      }
      break;
    case WideKind::kSampleList:
      for (std::uint32_t i = 0; i < samples.size(); ++i) {
        element(i, places_[samples[i]].head_node);
      }
      break;
    case WideKind::kHandles:
    case WideKind::kStackObjects: {
      const std::size_t stride = wide.kind == WideKind::kHandles ? kHandleStride : kStackStride;
      for (std::size_t i = 0; i < requests.size(); i += stride) {
        emit(EdgeType::kInternal, first_digit_text_ + static_cast<std::uint32_t>(i / stride) + 40,
             RequestNode(requests[i]));
      }
      break;
    }
    case WideKind::kNativeRoots:
      emit(EdgeType::kElement, 4, first_long_node_ + long_strings_.count);
      break;
    case WideKind::kLongStrings:
      for (std::uint32_t i = 0; i < long_strings_.count; ++i) {
        element(i, first_long_node_ + i);
      }
      break;
  }
}

std::uint32_t SnapshotWriter::NodeAt(const Target& target, std::uint32_t unit_in_block) const {
  switch (target.kind) {
    case Target::Kind::kBase:
      return target.value;
    case Target::Kind::kLocal:
      return block_.node_positions[unit_in_block][target.value];
    case Target::Kind::kCacheEntry:
      return places_[target.value].head_node;
    case Target::Kind::kRequest:
      return RequestNode(target.value);
  }
  return 0;
}

std::uint32_t SnapshotWriter::TextNumber(const Label& label, std::uint32_t first_string) const {
  switch (label.kind) {
    case Label::Kind::kBase:
    case Label::Kind::kIndex:
      return label.value;
    case Label::Kind::kLocal:
      return first_string + label.value;
    case Label::Kind::kDigits:
      return first_digit_text_ + label.value;
  }
  return 0;
}

// Entries of an array are parted by a comma, up to Node 23 with a newline before it.
void SnapshotWriter::Separate(TextSink& sink) {
  if (!is_first_) sink.Put(node24_ ? std::string_view(",") : std::string_view("\n,"));
  is_first_ = false;
}

void SnapshotWriter::WriteHeader(TextSink& sink) {
  sink.Put(R"({"snapshot":{"meta":{"node_fields":["type","name","id","self_size","edge_count",)");
  if (!node24_) sink.Put(R"("trace_node_id",)");
  sink.Put(
      R"("detachedness"],"node_types":[["hidden","array","string","object","code","closure","regexp",)");
  sink.Put(
      R"("number","native","synthetic","concatenated string","sliced string","symbol","bigint","object shape")");
  if (!node24_) sink.Put(R"(,"wasm object")");
  sink.Put(R"(],"string","number","number","number","number","number"],)");
  sink.Put(
      R"("edge_fields":["type","name_or_index","to_node"],"edge_types":[["context","element","property",)");
  sink.Put(R"("internal","hidden","shortcut","weak"],"string_or_number","node"],)");
  sink.Put(
      R"("trace_function_info_fields":["function_id","name","script_name","script_id","line","column"],)");
  sink.Put(R"("trace_node_fields":["id","function_info_index","count","size","children"],)");
  sink.Put(R"("sample_fields":["timestamp_us","last_assigned_id"],)");
  sink.Put(R"("location_fields":["object_index","script_id","line","column"]},"node_count":)");
  sink.PutNumber(counts_.nodes);
  sink.Put(R"(,"edge_count":)");
  sink.PutNumber(counts_.edges);
  sink.Put(R"(,"trace_function_count":0)");
  if (node24_) sink.Put(R"(,"extra_native_bytes":0)");
  sink.Put("},\n");
}

void SnapshotWriter::WriteNode(TextSink& sink, NodeType type, std::uint32_t name, std::uint64_t id,
                               std::uint64_t self_size, std::uint64_t edge_count,
                               std::uint32_t detachedness) {
  Separate(sink);
  sink.PutNumber(static_cast<std::uint32_t>(type));
  sink.Put(',');
  sink.PutNumber(name);
  sink.Put(',');
  sink.PutNumber(id);
  sink.Put(',');
  sink.PutNumber(self_size);
  sink.Put(',');
  sink.PutNumber(edge_count);
  sink.Put(node24_ ? std::string_view(",") : std::string_view(",0,"));
  sink.PutNumber(detachedness);
}

void SnapshotWriter::WriteNodes(TextSink& sink) {
  sink.Put("\"nodes\":[");
  is_first_ = true;
  std::uint32_t embedder_count = 0;
  // Objects of the C++ heap: Node 20 hashes their addresses, later releases count.
  const auto embedder_id = [&] {
    ++embedder_count;
    return node24_ ? std::uint64_t{2} * embedder_count
                   : (Mix(seed_, embedder_count) & 0x7ffffffe) + 0x80000000u;
  };
  for (std::uint32_t i = 0; i < base_.nodes().size(); ++i) {
    const BaseHeap::Node& node = base_.nodes()[i];
    const std::uint64_t id = node.embedder ? embedder_id() : 2 * std::uint64_t{i} + 1;
    const std::uint64_t wide = wide_edge_counts_[i];
    const std::uint64_t self_size =
        wide > 0 && node.type == NodeType::kArray ? 16 + 16 * wide : node.self_size;
    WriteNode(sink, node.type, node.name.value, id, self_size, node.edges.size() + wide,
              node.detachedness);
  }
  for (std::uint32_t region = 0; region < kRegionCount; ++region) {
    ForEachNode(region, [&](const Slot& slot) {
      const Unit::Node& node = block_.units[slot.unit].nodes()[slot.node];
      const std::uint32_t number = block_.numbers[slot.unit];
      WriteNode(sink, node.type, TextNumber(node.name, places_[number].first_string),
                population_.first_id(number) + 2 * std::uint64_t{slot.node}, node.self_size,
                node.edge_count, 0);
    });
  }
  // Long strings take the ids between the base heap's and the first unit's.
  for (std::uint32_t i = 0; i < long_strings_.count; ++i) {
    WriteNode(sink, NodeType::kString, first_long_text_ + i, 2 * (base_.nodes().size() + i) + 1,
              (16 + std::uint64_t{long_strings_.length} + 7) / 8 * 8, 1, 0);
  }
  WriteNode(sink, NodeType::kSynthetic, base_.native_roots_label().value, embedder_id(), 0, 0, 0);
  sink.Put(node24_ ? "],\n" : "\n],\n");
}

void SnapshotWriter::WriteEdge(TextSink& sink, EdgeType type, std::uint32_t name,
                               std::uint32_t node) {
  Separate(sink);
  sink.PutNumber(static_cast<std::uint32_t>(type));
  sink.Put(',');
  sink.PutNumber(name);
  sink.Put(',');
  sink.PutNumber(std::uint64_t{node} * field_count_);
}

void SnapshotWriter::WriteEdge(TextSink& sink, const Edge& edge, std::uint32_t unit_in_block) {
  const std::uint32_t first_string = edge.label.kind == Label::Kind::kLocal
                                         ? places_[block_.numbers[unit_in_block]].first_string
                                         : 0;
  WriteEdge(sink, edge.type, TextNumber(edge.label, first_string),
            NodeAt(edge.target, unit_in_block));
}

void SnapshotWriter::WriteEdges(TextSink& sink) {
  sink.Put("\"edges\":[");
  is_first_ = true;
  for (std::uint32_t i = 0; i < base_.nodes().size(); ++i) {
    for (const Edge& edge : base_.nodes()[i].edges) WriteEdge(sink, edge, 0);
    if (wide_edge_counts_[i] == 0) continue;
    for (const WideNode& wide : base_.wide_nodes()) {
      if (wide.node != i) continue;
      ForEachWideEdge(wide, [&](EdgeType type, std::uint32_t name, std::uint32_t node) {
        WriteEdge(sink, type, name, node);
      });
    }
  }
  for (std::uint32_t region = 0; region < kRegionCount; ++region) {
    ForEachNode(region, [&](const Slot& slot) {
      const Unit& unit = block_.units[slot.unit];
      for (const Edge& edge : unit.edges_of(unit.nodes()[slot.node]))
        WriteEdge(sink, edge, slot.unit);
    });
  }
  const Edge map{
      EdgeType::kInternal, base_.map_label(), {Target::Kind::kBase, base_.palette().one_byte_map}};
  for (std::uint32_t i = 0; i < long_strings_.count; ++i) WriteEdge(sink, map, 0);
  sink.Put(node24_ ? "],\n" : "\n],\n");
}

void SnapshotWriter::WriteLocation(TextSink& sink, std::uint64_t node, const Location& location) {
  Separate(sink);
  sink.PutNumber(node * field_count_);
  sink.Put(',');
  sink.PutNumber(location.script_id);
  sink.Put(',');
  sink.PutNumber(location.line);
  sink.Put(',');
  sink.PutNumber(location.column);
}

// The last region comes first: in V8's files, too, this section is in no order.
void SnapshotWriter::WriteLocations(TextSink& sink) {
  sink.Put("\"trace_function_infos\":[],\n\"trace_tree\":[],\n\"samples\":[],\n\"locations\":[");
  is_first_ = true;
  for (std::uint32_t region = kRegionCount; region-- > 0;) {
    ForEachNode(region, [&](const Slot& slot) {
      const std::uint32_t location = block_.units[slot.unit].nodes()[slot.node].location;
      if (location == 0) return;
      WriteLocation(sink, block_.node_positions[slot.unit][slot.node], base_.locations()[location]);
    });
  }
  for (std::uint32_t i = 0; i < base_.nodes().size(); ++i) {
    const std::uint32_t location = base_.nodes()[i].location;
    if (location != 0) WriteLocation(sink, i, base_.locations()[location]);
  }
  sink.Put(node24_ ? "],\n" : "\n],\n");
}

void SnapshotWriter::WriteStrings(TextSink& sink) {
  sink.Put("\"strings\":[");
  is_first_ = true;
  const auto separate = [&] {
    if (!is_first_) sink.Put(node24_ ? std::string_view(",") : std::string_view(",\n"));
    is_first_ = false;
  };
  for (const std::string& text : base_.strings()) {
    separate();
    PutJsonString(sink, text);
  }
  for (std::uint32_t i = 0; i < digit_count_; ++i) {
    separate();
    sink.Put('"');
    sink.PutNumber(i);
    sink.Put('"');
  }
  for (std::uint32_t block = 0; block < block_count(); ++block) {
    BuildBlock(block);
    for (std::uint32_t k = 0; k < block_.numbers.size(); ++k) {
      const Unit& unit = block_.units[k];
      for (std::size_t i = 0; i < unit.string_count(); ++i) {
        separate();
        PutJsonString(sink, unit.string(i));
      }
    }
  }
  std::string text;
  for (std::uint32_t i = 0; i < long_strings_.count; ++i) {
    // Lines of a report: every hundredth character or so is one that JSON must escape.
    Random random(Mix(seed_, 0x400000000u + i));
    text = fmt::format("report {}: ", i);
    while (text.size() < long_strings_.length) {
      std::uint64_t bits = random.Next();
      for (int k = 0; k < 10; ++k, bits >>= 6) {
        const auto c = bits & 63;
        text += c < 26   ? static_cast<char>('a' + c)
                : c < 36 ? static_cast<char>('0' + c - 26)
                : c < 62 ? static_cast<char>('a' + c - 36)
                         : ' ';
      }
      if ((bits & 15) == 0) text += "\"\n";
    }
    text.resize(long_strings_.length);
    separate();
    PutJsonString(sink, text);
  }
  sink.Put("]}");
}

SnapshotCounts SnapshotWriter::Write(TextSink& sink) {
  Lay();
  WriteHeader(sink);
  WriteNodes(sink);
  WriteEdges(sink);
  WriteLocations(sink);
  WriteStrings(sink);
  counts_.bytes = sink.size_bytes();
  return counts_;
}

}  // namespace leaktrail::bench
