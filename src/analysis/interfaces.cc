#include "analysis/interfaces.h"

#include <algorithm>
#include <fmt/format.h>

namespace leaktrail {
namespace {

constexpr size_t kMaxNameUnits = 120;            // DevTools: MAX_INTERFACE_NAME_LENGTH
constexpr uint64_t kMinObjects = 2;              // MIN_OBJECT_COUNT_PER_INTERFACE
constexpr uint64_t kMinObjectProportion = 1000;  // MIN_OBJECT_PROPORTION_PER_INTERFACE

// As JSON.stringify writes a key.
std::string QuoteKey(const std::string& name) {
  std::string out = "\"";
  for (char c : name) {
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\b': out += "\\b"; break;
      case '\f': out += "\\f"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          out += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
        } else {
          out += c;
        }
    }
  }
  return out + '"';
}

std::string FormatPropertyName(const std::string& name) {
  return name.find_first_of(",'\"{}") == std::string::npos ? name : QuoteKey(name);
}

}  // namespace

void ShapeTable::Grow() {
  const size_t size = slots_.empty() ? 1024 : slots_.size() * 2;
  slots_.assign(size, 0);
  for (uint32_t s = 0; s < shapes_.size(); ++s) {
    size_t at = shapes_[s].hash & (size - 1);
    while (slots_[at] != 0) at = (at + 1) & (size - 1);
    slots_[at] = s + 1;
  }
}

uint32_t ShapeTable::Add(const HeapGraph& graph, NodeIndex object) {
  ++object_count_;
  const GraphColumns& c = graph.columns();
  scratch_.clear();
  uint64_t hash = 0x9E3779B97F4A7C15u;
  for (uint32_t e = c.first_edge[object.value()]; e < c.first_edge[object.value() + 1]; ++e) {
    if (c.edge[e].type() != EdgeType::kProperty) continue;
    const uint32_t name = graph.edge_label(EdgeIndex(e));
    scratch_.push_back(name);
    hash = (hash ^ name) * 0xFF51AFD7ED558CCDu;
    hash ^= hash >> 32;
  }
  if (slots_.size() <= shapes_.size() * 2) Grow();
  const size_t mask = slots_.size() - 1;
  size_t at = hash & mask;
  for (; slots_[at] != 0; at = (at + 1) & mask) {
    Shape& s = shapes_[slots_[at] - 1];
    if (s.hash == hash && s.length == scratch_.size() &&
        std::equal(scratch_.begin(), scratch_.end(), names_.begin() + s.begin)) {
      ++s.count;
      return slots_[at] - 1;
    }
  }
  const auto number = static_cast<uint32_t>(shapes_.size());
  shapes_.push_back({static_cast<uint32_t>(names_.size()),
                     static_cast<uint32_t>(scratch_.size()), hash, 1});
  names_.insert(names_.end(), scratch_.begin(), scratch_.end());
  slots_[at] = number + 1;
  return number;
}

std::vector<InterfaceDefinition> ShapeTable::InferInterfaces(const HeapGraph& graph) const {
  struct Candidate {
    InterfaceDefinition definition;
    uint64_t count = 0;
  };
  std::vector<Candidate> candidates;
  std::unordered_map<std::string, size_t> by_name;
  struct PropertyText {
    std::string name, formatted;
    size_t units = 0;
    bool is_proto = false;
  };
  std::unordered_map<uint32_t, PropertyText> texts;
  for (const Shape& shape : shapes_) {
    Candidate c;
    c.definition.name = "{";
    size_t units = 1;
    for (uint32_t i = 0; i < shape.length; ++i) {
      const auto [it, added] = texts.try_emplace(names_[shape.begin + i]);
      PropertyText& text = it->second;
      if (added) {
        text.name = graph.strings().Get(StringIndex(it->first));
        text.formatted = FormatPropertyName(text.name);
        text.units = Utf16Length(text.formatted);
        text.is_proto = text.name == WellKnownText(WellKnown::kProto);
      }
      if (text.is_proto) continue;
      if (units > 1 && units + text.units > kMaxNameUnits) break;
      if (units != 1) {
        c.definition.name += ", ";
        units += 2;
      }
      c.definition.name += text.formatted;
      units += text.units;
      c.definition.properties.push_back(text.name);
    }
    if (c.definition.properties.empty()) continue;
    c.definition.name += '}';
    const auto [it, added] = by_name.try_emplace(c.definition.name, candidates.size());
    if (added) candidates.push_back(std::move(c));
    candidates[it->second].count += shape.count;
  }
  std::stable_sort(candidates.begin(), candidates.end(),
                   [](const Candidate& a, const Candidate& b) { return a.count > b.count; });
  std::vector<InterfaceDefinition> result;
  for (Candidate& c : candidates) {
    if (c.count < kMinObjects || c.count * kMinObjectProportion < object_count_) break;
    result.push_back(std::move(c.definition));
  }
  return result;
}

std::vector<int32_t> ShapeTable::MatchInterfaces(
    const HeapGraph& graph, const std::vector<InterfaceDefinition>& interfaces) const {
  // An interface is looked up by each of its properties; one that is met as often as it has
  // properties matches. A property named twice must be there twice, hence "occurrence": the second
  // `a` of a shape is another key than the first.
  std::unordered_map<std::string, std::vector<uint32_t>> by_property;
  const auto key_of = [](const std::string& name, uint32_t occurrence) {
    return occurrence == 0 ? name : name + '\0' + std::to_string(occurrence);
  };
  for (uint32_t i = 0; i < interfaces.size(); ++i) {
    std::unordered_map<std::string, uint32_t> seen;
    for (const std::string& p : interfaces[i].properties) {
      by_property[key_of(p, seen[p]++)].push_back(i);
    }
  }
  std::unordered_map<uint32_t, std::string> texts;
  std::vector<uint32_t> met(interfaces.size(), 0);
  std::vector<uint32_t> touched;
  std::vector<int32_t> result(shapes_.size(), -1);
  for (uint32_t s = 0; s < shapes_.size(); ++s) {
    const Shape& shape = shapes_[s];
    std::unordered_map<std::string, uint32_t> seen;
    for (uint32_t i = 0; i < shape.length; ++i) {
      const auto [it, added] = texts.try_emplace(names_[shape.begin + i]);
      if (added) it->second = graph.strings().Get(StringIndex(it->first));
      const auto found = by_property.find(key_of(it->second, seen[it->second]++));
      if (found == by_property.end()) continue;
      for (uint32_t k : found->second) {
        if (met[k]++ == 0) touched.push_back(k);
      }
    }
    for (uint32_t k : touched) {
      const size_t size = interfaces[k].properties.size();
      if (met[k] == size) {
        const int32_t best = result[s];
        const size_t best_size = best < 0 ? 0 : interfaces[best].properties.size();
        if (best < 0 || size > best_size ||
            (size == best_size && static_cast<int32_t>(k) < best)) {
          result[s] = static_cast<int32_t>(k);
        }
      }
      met[k] = 0;
    }
    touched.clear();
  }
  return result;
}

}  // namespace leaktrail
