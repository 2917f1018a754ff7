#include "analysis/key_space.h"

#include <algorithm>
#include <array>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "analysis/node_text.h"

namespace leaktrail {
namespace {

constexpr size_t kMaxSample = 4096;  // of each half
constexpr size_t kFewKeys = 20;      // in a half: less tells nothing
constexpr size_t kMaxNumbers = 4;    // in one key
constexpr size_t kMaxDigits = 15;
constexpr size_t kMaxWords = 6;    // in one key
constexpr double kLikeKeys = 0.9;  // so many must be written alike
constexpr double kOutside =
    0.02;                        // of the newer keys, what may lie outside of the older ones' range
constexpr double kThere = 0.02;  // of the range, what must be there at least
constexpr double kHiddenKeys = 0.9;
// A list has all its places filled, or nearly; a table by number has holes until it is full.
constexpr double kFullList = 0.95;
constexpr uint64_t kTable = HashName("table");
constexpr uint64_t kMap = HashName("Map");
constexpr uint64_t kSet = HashName("Set");
constexpr uint64_t kProto = HashName("__proto__");

using Numbers = std::vector<double>;

// "user-12/page-3" is {12, 3} of the form "user-#/page-#". Nothing if there are no numbers, or too
// many or too long ones.
std::optional<std::pair<std::string, Numbers>> Split(std::string_view text) {
  std::pair<std::string, Numbers> out;
  for (size_t i = 0; i < text.size();) {
    if (text[i] < '0' || text[i] > '9') {
      out.first += text[i++];
      continue;
    }
    size_t digits = 0;
    double value = 0;
    for (; i < text.size() && text[i] >= '0' && text[i] <= '9'; ++i, ++digits) {
      value = value * 10 + (text[i] - '0');
    }
    if (digits > kMaxDigits || out.second.size() == kMaxNumbers) return std::nullopt;
    out.first += '#';
    out.second.push_back(value);
  }
  if (out.second.empty()) return std::nullopt;
  return out;
}

// The numbers of the keys that are written as most of them are.
class Keys {
 public:
  bool Read(std::span<const std::string> older, std::span<const std::string> newer) {
    std::unordered_map<std::string, size_t> forms;
    const auto split = [&](std::span<const std::string> texts, auto& out) {
      for (const std::string& text : texts) {
        auto s = Split(text);
        if (!s) continue;
        ++forms[s->first];
        out.push_back(std::move(*s));
      }
    };
    std::vector<std::pair<std::string, Numbers>> old_keys, new_keys;
    split(older, old_keys);
    split(newer, new_keys);
    const auto most =
        std::max_element(forms.begin(), forms.end(),
                         [](const auto& a, const auto& b) { return a.second < b.second; });
    const size_t all = older.size() + newer.size();
    if (most == forms.end() ||
        static_cast<double>(most->second) < kLikeKeys * static_cast<double>(all)) {
      return false;
    }
    for (auto& [form, numbers] : old_keys) {
      if (form == most->first) older_.push_back(std::move(numbers));
    }
    for (auto& [form, numbers] : new_keys) {
      if (form == most->first) newer_.push_back(std::move(numbers));
    }
    return older_.size() >= kFewKeys && newer_.size() >= kFewKeys;
  }

  // Of the newer keys, how many are outside of what the older ones span.
  size_t CountOutside() {
    low_ = high_ = older_.front();
    for (const Numbers& key : older_) {
      for (size_t i = 0; i < key.size(); ++i) {
        low_[i] = std::min(low_[i], key[i]);
        high_[i] = std::max(high_[i], key[i]);
      }
    }
    return static_cast<size_t>(std::count_if(newer_.begin(), newer_.end(), [&](const Numbers& key) {
      for (size_t i = 0; i < key.size(); ++i) {
        if (key[i] < low_[i] || key[i] > high_[i]) return true;
      }
      return false;
    }));
  }

  // How many keys the range has; after CountOutside.
  double RangeSize() const {
    double size = 1;
    for (size_t i = 0; i < low_.size(); ++i) size *= high_[i] - low_[i] + 1;
    return size;
  }
  size_t newer_count() const { return newer_.size(); }

 private:
  std::vector<Numbers> older_, newer_;
  Numbers low_, high_;
};

// "red/blue-12" is {red, blue, 12}: the parts between signs. Nothing if there is one part only, or
// too many.
std::optional<std::vector<std::string_view>> SplitWords(std::string_view text) {
  const auto is_sign = [](char c) {
    return (c >= 0 && c < '0') || (c > '9' && c < 'A') || (c > 'Z' && c < 'a') || c > 'z';
  };
  std::vector<std::string_view> words;
  for (size_t i = 0; i < text.size();) {
    const size_t start = i;
    while (i < text.size() && !is_sign(text[i])) ++i;
    if (i > start) words.push_back(text.substr(start, i - start));
    if (words.size() > kMaxWords) return std::nullopt;
    if (i < text.size()) ++i;
  }
  if (words.size() < 2) return std::nullopt;
  return words;
}

// Keys that are put together from a few words each: the older ones already have all the words.
KeySpace JudgeWords(std::span<const std::string> older, std::span<const std::string> newer,
                    uint64_t entry_count) {
  if (older.size() < kFewKeys || newer.size() < kFewKeys) return KeySpace::kOpen;
  const auto first = SplitWords(older.front());
  if (!first) return KeySpace::kOpen;
  const size_t places = first->size();
  std::vector<std::unordered_set<std::string_view>> known(places);
  size_t odd = 0;  // written unlike the first
  for (const std::string& key : older) {
    const auto words = SplitWords(key);
    if (!words || words->size() != places) {
      ++odd;
      continue;
    }
    for (size_t i = 0; i < places; ++i) known[i].insert((*words)[i]);
  }
  size_t outside = 0;
  for (const std::string& key : newer) {
    const auto words = SplitWords(key);
    if (!words || words->size() != places) {
      ++odd;
      continue;
    }
    bool inside = true;
    for (size_t i = 0; i < places; ++i) inside = inside && known[i].count((*words)[i]) != 0;
    outside += !inside;
  }
  const auto all = static_cast<double>(older.size() + newer.size());
  if (static_cast<double>(odd) > (1 - kLikeKeys) * all) return KeySpace::kOpen;
  if (static_cast<double>(outside) > kOutside * static_cast<double>(newer.size())) {
    return KeySpace::kOpen;
  }
  double range = 1;
  for (const auto& words : known) range *= static_cast<double>(words.size());
  return static_cast<double>(entry_count) >= kThere * range ? KeySpace::kLimited : KeySpace::kOpen;
}

// Every n-th, so that no more than kMaxSample are left.
template <typename T>
void Thin(std::vector<T>& v) {
  if (v.size() <= kMaxSample) return;
  const size_t step = (v.size() + kMaxSample - 1) / kMaxSample;
  size_t to = 0;
  for (size_t i = 0; i < v.size(); i += step) v[to++] = v[i];
  v.resize(to);
}

class Table {
 public:
  explicit Table(const LastSnapshot& last)
      : last_(last), g_(last.graph()), names_(*last.view.names), cons_texts_(last.graph()) {}

  TableKeys Find(NodeIndex container) {
    const uint64_t name = names_.of(g_.name(container));
    if (g_.type(container) != NodeType::kObject) return {};
    if (name == kMap) return OfOrderedTable(container, 3);
    if (name == kSet) return OfOrderedTable(container, 2);
    return OfObject(container);
  }

 private:
  struct Ages {
    std::vector<EdgeIndex> older, newer;
    uint64_t count() const { return older.size() + newer.size(); }
  };
  // [elements, deleted, buckets; one chain for each bucket; entries of key, (value,) chain].
  // There are two entries to a bucket.
  struct Layout {
    uint64_t first_entry = 0;
  };
  std::optional<Layout> LayoutOf(NodeIndex table, uint64_t entry_slots) const {
    constexpr uint64_t kHeaderSlots = 3, kArrayHeaderSlots = 2;
    for (const uint64_t pointer : {8u, 4u}) {  // 4: compressed
      const uint64_t size = g_.self_size(table);
      if (size % pointer != 0 || size / pointer < kArrayHeaderSlots + kHeaderSlots) continue;
      const uint64_t slots = size / pointer - kArrayHeaderSlots - kHeaderSlots;
      const uint64_t bucket_slots = 1 + 2 * entry_slots;
      const uint64_t buckets = slots / bucket_slots;
      const bool power_of_two = buckets != 0 && (buckets & (buckets - 1)) == 0;
      if (slots % bucket_slots == 0 && power_of_two) return Layout{kHeaderSlots + buckets};
    }
    return std::nullopt;
  }

  static std::optional<uint64_t> ParseIndex(std::string_view text) {
    if (text.empty() || text.size() > 9) return std::nullopt;
    uint64_t v = 0;
    for (const char c : text) {
      if (c < '0' || c > '9') return std::nullopt;
      v = v * 10 + static_cast<uint64_t>(c - '0');
    }
    return v;
  }

  TableKeys OfOrderedTable(NodeIndex container, uint64_t entry_slots) {
    NodeIndex table;
    for (const EdgeIndex e : g_.edges_of(container)) {
      if (g_.edge_type(e) == EdgeType::kInternal && names_.of(g_.edge_name(e)) == kTable) {
        table = g_.target(e);
      }
    }
    if (!table.valid()) return {};
    const std::optional<Layout> layout = LayoutOf(table, entry_slots);
    if (!layout) return {};
    std::vector<std::pair<uint64_t, NodeIndex>> keys;  // entry, key
    uint64_t values = 0;
    for (const EdgeIndex e : g_.edges_of(table)) {
      if (g_.edge_type(e) != EdgeType::kInternal) continue;
      const std::optional<uint64_t> slot = ParseIndex(g_.EdgeName(e));
      if (!slot || *slot < layout->first_entry) continue;
      const uint64_t part = (*slot - layout->first_entry) % entry_slots;
      if (part == 0) keys.emplace_back((*slot - layout->first_entry) / entry_slots, g_.target(e));
      if (part == 1) ++values;
    }
    TableKeys out;
    out.entry_count = std::max<uint64_t>(keys.size(), values);
    if (static_cast<double>(keys.size()) <
        (1 - kHiddenKeys) * static_cast<double>(out.entry_count)) {
      out.space = KeySpace::kHidden;
      return out;
    }
    std::sort(keys.begin(), keys.end());
    const size_t half = keys.size() / 2;
    std::vector<NodeIndex> older, newer;
    for (size_t i = 0; i < keys.size(); ++i) (i < half ? older : newer).push_back(keys[i].second);
    out.space = JudgeKeys(TextsOf(older), TextsOf(newer), out.entry_count);
    return out;
  }

  // Property names and the numbers of elements are keys; ages are known inside one process only.
  TableKeys OfObject(NodeIndex container) {
    if (last_.growth.matched_by != MatchedBy::kNodeId) return {};
    // A value that several entries share is no older than the first of them.
    std::unordered_map<uint32_t, uint32_t> entries_of;
    for (const EdgeIndex e : g_.edges_of(container)) ++entries_of[g_.target(e).value()];
    Ages names, numbers;
    uint64_t lowest = ~uint64_t{0}, highest = 0;
    const auto add = [&](Ages& keys, EdgeIndex e) {
      (last_.permanent(g_.target(e)) ? keys.older : keys.newer).push_back(e);
    };
    for (const EdgeIndex e : g_.edges_of(container)) {
      if (entries_of[g_.target(e).value()] > 1) continue;
      if (g_.edge_type(e) == EdgeType::kElement) {
        add(numbers, e);
        lowest = std::min<uint64_t>(lowest, g_.edge_label(e));
        highest = std::max<uint64_t>(highest, g_.edge_label(e));
      } else if (g_.edge_type(e) == EdgeType::kProperty && names_.of(g_.edge_name(e)) != kProto) {
        add(names, e);
      }
    }
    const bool has_holes =
        numbers.count() > 0 && static_cast<double>(numbers.count()) <
                                   kFullList * static_cast<double>(highest - lowest + 1);
    Ages& keys = has_holes && numbers.count() > names.count() ? numbers : names;
    TableKeys out;
    out.entry_count = keys.count();
    out.space = JudgeKeys(TextsOf(keys.older), TextsOf(keys.newer), out.entry_count);
    return out;
  }

  std::string TextOf(EdgeIndex e) { return g_.EdgeName(e); }
  std::string TextOf(NodeIndex n) {
    switch (g_.type(n)) {
      case NodeType::kString:
        return g_.NodeName(n);
      case NodeType::kConsString:
        return cons_texts_.Get(n);
      default:
        return "";
    }
  }
  template <typename T>
  std::vector<std::string> TextsOf(std::vector<T>& keys) {
    Thin(keys);
    std::vector<std::string> out;
    out.reserve(keys.size());
    for (const T k : keys) out.push_back(TextOf(k));
    return out;
  }

  const LastSnapshot& last_;
  const HeapGraph& g_;
  const NameHashes& names_;
  ConsStringTexts cons_texts_;
};

}  // namespace

TableKeys FindTableKeys(const LastSnapshot& last, NodeIndex container) {
  return Table(last).Find(container);
}

KeySpace JudgeKeys(std::span<const std::string> older, std::span<const std::string> newer,
                   uint64_t entry_count) {
  Keys keys;
  if (!keys.Read(older, newer)) return JudgeWords(older, newer, entry_count);
  const double outside = static_cast<double>(keys.CountOutside());
  // Two keys of the range may be missing at each end of each number.
  constexpr double kChance = 4;
  if (outside > kOutside * static_cast<double>(keys.newer_count()) + kChance)
    return KeySpace::kOpen;
  return static_cast<double>(entry_count) >= kThere * keys.RangeSize() ? KeySpace::kLimited
                                                                       : KeySpace::kOpen;
}

}  // namespace leaktrail
