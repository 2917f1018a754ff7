#include "analysis/interfaces.h"

#include <algorithm>
#include <bit>
#include <string_view>
#include <unordered_map>

#include "analysis/node_text.h"

namespace leaktrail {
namespace {

constexpr size_t kMaxNameUnits = 120;            // DevTools: MAX_INTERFACE_NAME_LENGTH
constexpr uint64_t kMinObjects = 2;              // MIN_OBJECT_COUNT_PER_INTERFACE
constexpr uint64_t kMinObjectProportion = 1000;  // MIN_OBJECT_PROPORTION_PER_INTERFACE
constexpr std::string_view kSeparator = ", ";

// A polynomial over the bytes, modulo 2^64: that of "ab" is that of "a" times the base to the
// length of "b", plus that of "b".
constexpr uint64_t kHashBase = 0x5851F42D4C957F2Du;
uint64_t HashText(uint64_t hash, std::string_view text) {
  for (char c : text) hash = hash * kHashBase + static_cast<unsigned char>(c) + 1;
  return hash;
}
uint64_t PowerOfBase(size_t exponent) {
  uint64_t power = 1;
  while (exponent-- > 0) power *= kHashBase;
  return power;
}

}  // namespace

void ShapeTable::Grow() {
  const size_t size = slots_.empty() ? 1024 : slots_.size() * 2;
  slots_ = Array<uint32_t>(size);
  for (uint32_t s = 0; s < shapes_.size(); ++s) {
    size_t at = shapes_[s].hash & (size - 1);
    while (slots_[at] != 0) at = (at + 1) & (size - 1);
    slots_[at] = s + 1;
  }
}

void ShapeTable::Add(const HeapGraph& graph, std::span<const uint32_t> objects, uint32_t* numbers) {
  constexpr size_t kAhead = 16;
  object_count_ += objects.size();
  const GraphColumns& c = graph.columns();
  const uint32_t* const first_edge = c.first_edge.data();
  // There may be as many new shapes.
  while (slots_.size() <= (shapes_.size() + objects.size()) * 2) Grow();
  const size_t mask = slots_.size() - 1;
  scratch_.clear();
  scratch_of_.clear();
  for (size_t i = 0; i < objects.size(); ++i) {
    if (i + kAhead < objects.size()) {
      __builtin_prefetch(c.edge.data() + first_edge[objects[i + kAhead]]);
    }
    uint64_t hash = 0x9E3779B97F4A7C15u;
    scratch_of_.push_back({0, scratch_.size()});
    const uint32_t object = objects[i];
    for (uint32_t e = first_edge[object]; e < first_edge[object + 1]; ++e) {
      if (c.edge[e].type() != EdgeType::kProperty) continue;
      const uint32_t name = graph.edge_label(EdgeIndex(e));
      scratch_.push_back(name);
      hash = (hash ^ name) * 0xFF51AFD7ED558CCDu;
      hash ^= hash >> 32;
    }
    scratch_of_.back().hash = hash;
    __builtin_prefetch(&slots_[hash & mask]);
  }
  for (const Names& n : scratch_of_) {
    const uint32_t slot = slots_[n.hash & mask];
    if (slot != 0) __builtin_prefetch(&shapes_[slot - 1]);
  }
  for (size_t i = 0; i < objects.size(); ++i) {
    const size_t begin = scratch_of_[i].begin;
    const size_t end = i + 1 < objects.size() ? scratch_of_[i + 1].begin : scratch_.size();
    numbers[i] = Find(scratch_of_[i].hash, {scratch_.data() + begin, end - begin});
  }
}

// The number of the shape with these names, which it counts. There is room for one more.
uint32_t ShapeTable::Find(uint64_t hash, std::span<const uint32_t> names) {
  const size_t mask = slots_.size() - 1;
  size_t at = hash & mask;
  for (; slots_[at] != 0; at = (at + 1) & mask) {
    Shape& s = shapes_[slots_[at] - 1];
    if (s.hash == hash && s.length == names.size() &&
        std::equal(names.begin(), names.end(), names_.begin() + s.begin)) {
      ++s.count;
      return slots_[at] - 1;
    }
  }
  const auto number = static_cast<uint32_t>(shapes_.size());
  shapes_.push_back({names_.size(), hash, 1, static_cast<uint32_t>(names.size())});
  names_.Append(names.data(), names.size());
  slots_[at] = number + 1;
  return number;
}

void ShapeTable::ReadProperties(const HeapGraph& graph, bool all) {
  std::unordered_map<uint32_t, uint32_t> by_string;
  std::unordered_map<std::string, uint32_t> by_text;
  const auto read = [&](uint32_t name) {
    const auto [known, is_new_string] = by_string.try_emplace(name, 0);
    if (is_new_string) {
      // The table may hold a text twice if the producer was not V8.
      std::string text = graph.strings().Get(StringIndex(name));
      const auto [it, is_new] =
          by_text.try_emplace(text, static_cast<uint32_t>(properties_.size()));
      if (is_new) {
        Property p;
        p.formatted = FormatPropertyName(text);
        p.units = Utf16Length(p.formatted);
        p.is_proto = text == WellKnownText(WellKnown::kProto);
        p.text_hash = HashText(0, p.formatted);
        p.hash_shift = PowerOfBase(p.formatted.size());
        p.text = std::move(text);
        properties_.push_back(std::move(p));
      }
      known->second = it->second;
    }
    return known->second;
  };
  // Those that ForNamed looks at, up to the one that is too much; then what is known of the others.
  std::vector<uint32_t> looked_at;
  for (const Shape& shape : shapes_) {
    size_t units = 1;
    uint32_t i = 0;
    while (i < shape.length) {
      uint32_t& name = names_[shape.begin + i++];
      name = read(name);
      if (!all && !TakesName(properties_[name], units)) break;
    }
    looked_at.push_back(i);
  }
  for (size_t s = 0; s < looked_at.size(); ++s) {
    for (uint32_t i = looked_at[s]; i < shapes_[s].length; ++i) {
      uint32_t& name = names_[shapes_[s].begin + i];
      const auto known = by_string.find(name);
      name = known != by_string.end() ? known->second : kNotRead;
    }
  }
}

// Whether an interface whose name has `units` so far, its bracket included, has room for the
// property's, and the units with it.
bool ShapeTable::TakesName(const Property& p, size_t& units) {
  if (p.is_proto) return true;
  if (units > 1 && units + p.units > kMaxNameUnits) return false;
  units += p.units + (units == 1 ? 0 : 2);
  return true;
}

// Calls visit(property, separated) for those that an interface of the shape has in its name;
// separated: text stands before it.
template <typename Visit>
void ShapeTable::ForNamed(const Shape& shape, const Visit& visit) const {
  size_t units = 1;
  for (uint32_t i = 0; i < shape.length; ++i) {
    const Property& p = properties_[names_[shape.begin + i]];
    const bool separated = units != 1;
    if (!TakesName(p, units)) break;
    if (!p.is_proto) visit(p, separated);
  }
}

std::vector<InterfaceDefinition> ShapeTable::InferInterfaces() const {
  // Most names occur once. They are counted by a hash of their text first, so that only those that
  // may be frequent enough are ever put together.
  struct Count {
    uint64_t hash, count;
  };
  const size_t size = std::bit_ceil(shapes_.size() * 2 + 1);
  Array<Count> counts(size);
  const auto count_of = [&](uint64_t hash) -> Count& {
    size_t at = hash * 0x9E3779B97F4A7C15u >> 20 & (size - 1);
    while (counts[at].hash != hash && counts[at].hash != 0) at = (at + 1) & (size - 1);
    return counts[at];
  };
  const auto hash_of = [&](const Shape& shape) {
    uint64_t hash = 0;
    bool any = false;
    ForNamed(shape, [&](const Property& p, bool separated) {
      if (separated) hash = HashText(hash, kSeparator);
      hash = hash * p.hash_shift + p.text_hash;
      any = true;
    });
    return any && hash == 0 ? 1 : hash;  // 0: no property
  };
  std::vector<uint64_t> hashes;
  hashes.reserve(shapes_.size());
  for (const Shape& shape : shapes_) {
    const uint64_t hash = hash_of(shape);
    hashes.push_back(hash);
    if (hash == 0) continue;
    Count& c = count_of(hash);
    c.hash = hash;
    c.count += shape.count;
  }
  const auto is_frequent = [&](uint64_t count) {
    return count >= kMinObjects && count * kMinObjectProportion >= object_count_;
  };
  struct Candidate {
    InterfaceDefinition definition;
    uint64_t count = 0;
  };
  std::vector<Candidate> candidates;
  std::unordered_map<std::string, size_t> by_name;
  for (size_t s = 0; s < hashes.size(); ++s) {
    if (hashes[s] == 0 || !is_frequent(count_of(hashes[s]).count)) continue;
    const Shape& shape = shapes_[s];
    InterfaceDefinition definition;
    definition.name = "{";
    ForNamed(shape, [&](const Property& p, bool separated) {
      if (separated) definition.name += kSeparator;
      definition.name += p.formatted;
      definition.properties.push_back(p.text);
    });
    definition.name += '}';
    const auto [it, added] = by_name.try_emplace(definition.name, candidates.size());
    if (added) candidates.push_back({std::move(definition), 0});
    candidates[it->second].count += shape.count;
  }
  std::stable_sort(candidates.begin(), candidates.end(),
                   [](const Candidate& a, const Candidate& b) { return a.count > b.count; });
  std::vector<InterfaceDefinition> result;
  for (Candidate& c : candidates) {
    if (!is_frequent(c.count)) break;
    result.push_back(std::move(c.definition));
  }
  return result;
}

std::vector<int32_t> ShapeTable::MatchInterfaces(
    const std::vector<InterfaceDefinition>& interfaces) const {
  // An interface is looked up by each of its properties; one that is met as often as it has
  // properties matches. A property named twice must be there twice, hence "occurrence": the second
  // `a` of a shape is another key than the first.
  std::unordered_map<std::string, uint32_t> by_text;
  for (uint32_t p = 0; p < properties_.size(); ++p) by_text.emplace(properties_[p].text, p);
  // By property: one list of interfaces for each occurrence.
  std::vector<std::vector<std::vector<uint32_t>>> wanted_by(properties_.size());
  for (uint32_t i = 0; i < interfaces.size(); ++i) {
    std::unordered_map<uint32_t, uint32_t> seen;
    for (const std::string& text : interfaces[i].properties) {
      const auto it = by_text.find(text);
      if (it == by_text.end()) continue;  // then no shape has it, and none matches
      const uint32_t occurrence = seen[it->second]++;
      auto& lists = wanted_by[it->second];
      if (lists.size() <= occurrence) lists.resize(occurrence + 1);
      lists[occurrence].push_back(i);
    }
  }
  std::vector<uint32_t> met(interfaces.size(), 0), touched;
  std::vector<uint32_t> seen(properties_.size(), 0);  // occurrences in the shape at hand
  std::vector<int32_t> result(shapes_.size(), -1);
  for (uint32_t s = 0; s < shapes_.size(); ++s) {
    const Shape& shape = shapes_[s];
    for (uint32_t i = 0; i < shape.length; ++i) {
      const uint32_t p = names_[shape.begin + i];
      if (p == kNotRead) continue;
      const uint32_t occurrence = seen[p]++;
      if (occurrence >= wanted_by[p].size()) continue;
      for (uint32_t k : wanted_by[p][occurrence]) {
        if (met[k]++ == 0) touched.push_back(k);
      }
    }
    for (uint32_t i = 0; i < shape.length; ++i) {
      const uint32_t p = names_[shape.begin + i];
      if (p != kNotRead) seen[p] = 0;
    }
    for (uint32_t k : touched) {
      const size_t size = interfaces[k].properties.size();
      if (met[k] == size) {
        const int32_t best = result[s];
        const size_t best_size = best < 0 ? 0 : interfaces[best].properties.size();
        if (best < 0 || size > best_size || (size == best_size && static_cast<int32_t>(k) < best)) {
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
