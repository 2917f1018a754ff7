// A heap of strings has as many texts as nodes, so texts are compared by 128 bits of hash and only
// the texts of the result are kept. Strings that share an index in the table are one without a
// look.
//
// 1. Mark the table entries that string nodes use; hash those texts in one pass over the table.
// 2. Give each node its text's hash (joined first, if it is a concatenated string), sort by hash.
// 3. Runs of equal hashes are the groups.

#include "analysis/duplicate_strings.h"

#include <algorithm>
#include <cstring>
#include <unordered_map>
#include <vector>

#include "analysis/node_text.h"

namespace leaktrail {
namespace {

struct TextHash {
  uint64_t high = 0, low = 0;
  auto operator<=>(const TextHash&) const = default;
};

uint64_t Mix(uint64_t a, uint64_t b) {
  const auto product = static_cast<unsigned __int128>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

// Two multiply-and-fold lanes, eight bytes a step; not for keys that an enemy may choose.
TextHash HashText(std::string_view text) {
  constexpr uint64_t kA = 0x9E3779B97F4A7C15u, kB = 0xD6E8FEB86659FD93u, kC = 0xA0761D6478BD642Fu;
  uint64_t high = text.size() ^ kA, low = text.size() * kB ^ kC;
  size_t i = 0;
  for (; i + 8 <= text.size(); i += 8) {
    uint64_t word;
    std::memcpy(&word, text.data() + i, 8);
    high = Mix(high ^ word, kA);
    low = Mix(low ^ kC, word ^ kB) + (low << 1 | low >> 63);
  }
  uint64_t word = 0;
  if (i < text.size()) std::memcpy(&word, text.data() + i, text.size() - i);
  return {Mix(high ^ word, kC), Mix(low ^ kB, word ^ kA)};
}

struct Entry {
  TextHash hash;
  uint32_t node;
};

class DuplicateFinder {
 public:
  DuplicateFinder(const HeapGraph& graph, const ShallowSizes& shallow)
      : graph_(graph), shallow_(shallow), cons_(graph) {}

  std::vector<DuplicateString> Run() {
    HashTable();
    CollectEntries();
    std::sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) {
      return a.hash != b.hash ? a.hash < b.hash : a.node < b.node;
    });
    std::vector<DuplicateString> result;
    for (size_t first = 0; first < entries_.size();) {
      size_t last = first + 1;
      while (last < entries_.size() && entries_[last].hash == entries_[first].hash) ++last;
      if (last - first > 1) result.push_back(Group(first, last));
      first = last;
    }
    std::sort(result.begin(), result.end(), [](const DuplicateString& a, const DuplicateString& b) {
      return a.wasted_size != b.wasted_size ? a.wasted_size > b.wasted_size
             : a.text != b.text             ? a.text < b.text
                                            : a.example < b.example;
    });
    return result;
  }

 private:
  // Real strings have a size; the others encode numbers and the like.
  bool IsCandidate(NodeIndex n) const {
    const NodeType type = graph_.type(n);
    return (type == NodeType::kString || type == NodeType::kConsString) && shallow_.of(n) != 0;
  }

  void HashTable() {
    const size_t count = graph_.strings().size();
    hash_of_string_ = Array<TextHash>(count);
    std::vector<bool> used(count);
    bool any = false;
    for (NodeIndex n : graph_.nodes()) {
      if (graph_.type(n) != NodeType::kString || !IsCandidate(n)) continue;
      const uint32_t s = graph_.name(n).value();
      if (s < count) used[s] = any = true;
    }
    if (!any) return;
    graph_.strings().ForEach(0, static_cast<uint32_t>(count),
                             [&](StringIndex i, std::string_view raw) {
                               if (used[i.value()]) hash_of_string_[i.value()] = HashRaw(raw);
                             });
  }

  // Of the decoded text, since one text may be escaped in two ways. Most have nothing to decode.
  static TextHash HashRaw(std::string_view raw) {
    if (raw.find('\\') == std::string_view::npos) return HashText(raw);
    return HashText(DecodeJsonString(raw));
  }

  void CollectEntries() {
    for (NodeIndex n : graph_.nodes()) {
      if (!IsCandidate(n)) continue;
      TextHash hash;
      if (graph_.type(n) == NodeType::kConsString) {
        if (cons_.IsFlat(n)) continue;
        hash = HashCons(n);
      } else {
        const uint32_t s = graph_.name(n).value();
        hash = s < hash_of_string_.size() ? hash_of_string_[s] : HashText("");
      }
      entries_.push_back({hash, n.value()});
    }
  }

  TextHash HashCons(NodeIndex n) {
    const NodeIndex same = cons_.FindRepresentative(n);
    if (same == n) return HashText(cons_.Get(n));
    const auto [it, added] = hash_of_full_cons_.try_emplace(same.value());
    if (added) it->second = HashText(cons_.Get(same));
    return it->second;
  }

  DuplicateString Group(size_t first, size_t last) {
    DuplicateString group;
    const NodeIndex example(entries_[first].node);
    group.example = example;
    group.text = graph_.type(example) == NodeType::kConsString ? cons_.Get(example)
                                                               : graph_.NodeName(example);
    uint64_t largest = 0;
    for (size_t i = first; i < last; ++i) {
      const uint64_t size = shallow_.of(NodeIndex(entries_[i].node));
      group.total_size += size;
      largest = std::max(largest, size);
    }
    group.count = last - first;
    group.wasted_size = group.total_size - largest;
    return group;
  }

  const HeapGraph& graph_;
  const ShallowSizes& shallow_;
  ConsStringTexts cons_;
  Array<TextHash> hash_of_string_;
  std::unordered_map<uint32_t, TextHash> hash_of_full_cons_;
  std::vector<Entry> entries_;
};

}  // namespace

std::vector<DuplicateString> FindDuplicateStrings(const HeapGraph& graph,
                                                  const ShallowSizes& shallow) {
  return DuplicateFinder(graph, shallow).Run();
}

}  // namespace leaktrail
