// By id: both sides sorted by id (radix, so linear) and merged. By class: sums per class, then the
// difference.

#include "analysis/diff.h"

#include <algorithm>
#include <string>
#include <unordered_map>
#include <utility>

#include "base/array.h"

namespace leaktrail {
namespace {

struct ClassKeyHash {
  size_t operator()(const ClassKey& key) const {
    size_t h = std::hash<std::string>()(key.name);
    if (key.location) {
      for (uint32_t v : {key.location->script_id, key.location->line, key.location->column}) {
        h = (h ^ v) * 0x9E3779B97F4A7C15u;
      }
    }
    return h;
  }
};

// The classes of both sides in one numbering.
struct JointClasses {
  std::vector<ClassKey> keys;
  std::vector<uint32_t> of_base, of_current;  // by that side's ClassIndex
};

JointClasses JoinClasses(const ClassTable& base, const ClassTable& current) {
  JointClasses joint;
  std::unordered_map<ClassKey, uint32_t, ClassKeyHash> number;
  const auto add = [&](const ClassTable& table, std::vector<uint32_t>& of_side) {
    of_side.reserve(table.keys.size());
    for (const ClassKey& key : table.keys) {
      const auto [it, added] = number.try_emplace(key, static_cast<uint32_t>(joint.keys.size()));
      if (added) joint.keys.push_back(key);
      of_side.push_back(it->second);
    }
  };
  add(current, joint.of_current);
  add(base, joint.of_base);
  return joint;
}

// Between processes script ids mean nothing. Classes that only one side has are joined by name,
// line and column, then by name alone where one is left on each side.
void JoinLooserClasses(JointClasses* joint) {
  enum : uint8_t { kBase = 1, kCurrent = 2 };
  std::vector<uint8_t> sides(joint->keys.size());
  for (uint32_t c : joint->of_base) sides[c] |= kBase;
  for (uint32_t c : joint->of_current) sides[c] |= kCurrent;
  std::vector<uint32_t> moved_to(joint->keys.size());
  for (uint32_t c = 0; c < moved_to.size(); ++c) moved_to[c] = c;

  const auto join_by = [&](const auto& text_of) {
    struct Group {
      std::vector<uint32_t> base, current;
    };
    std::unordered_map<std::string, Group> groups;
    for (uint32_t c = 0; c < sides.size(); ++c) {
      if (!joint->keys[c].location || sides[c] == (kBase | kCurrent) || sides[c] == 0) continue;
      Group& group = groups[text_of(joint->keys[c])];
      (sides[c] == kBase ? group.base : group.current).push_back(c);
    }
    for (auto& [text, group] : groups) {
      if (group.base.size() != 1 || group.current.size() != 1) continue;
      moved_to[group.base[0]] = group.current[0];
      sides[group.base[0]] = 0;
      sides[group.current[0]] = kBase | kCurrent;
    }
  };
  join_by([](const ClassKey& key) {
    return std::to_string(key.location->line) + ',' + std::to_string(key.location->column) + ',' +
           key.name;
  });
  join_by([](const ClassKey& key) { return key.name; });
  for (uint32_t& c : joint->of_base) c = moved_to[c];
}

constexpr size_t kRadixPays = 4096;

// Nodes with a shallow size, as id << 32 | node, by id. Owned nodes take no part: DevTools lists
// them neither.
Array<uint64_t> SortedById(const DiffSide& side) {
  const HeapGraph& graph = side.graph;
  size_t count = 0;
  for (NodeIndex n : graph.nodes()) count += side.shallow.of(n) != 0;
  Array<uint64_t> rows(count);
  size_t at = 0;
  for (NodeIndex n : graph.nodes()) {
    if (side.shallow.of(n) != 0) rows[at++] = uint64_t{graph.id(n)} << 32 | n.value();
  }
  if (count < kRadixPays) {
    std::sort(rows.begin(), rows.end());
    return rows;
  }
  constexpr int kDigitBits = 11;
  constexpr uint32_t kMask = (1u << kDigitBits) - 1;
  Array<uint64_t> other(count);
  for (int shift = 32; shift < 64; shift += kDigitBits) {
    std::vector<size_t> first(kMask + 2);
    for (uint64_t row : rows) ++first[(row >> shift & kMask) + 1];
    for (size_t d = 1; d < first.size(); ++d) first[d] += first[d - 1];
    for (uint64_t row : rows) other[first[row >> shift & kMask]++] = row;
    std::swap(rows, other);
  }
  return rows;
}

class IdMerge {
 public:
  IdMerge(const DiffSide& base, const DiffSide& current, const JointClasses& joint,
          std::vector<DiffRow>* rows)
      : base_(base), current_(current), joint_(joint), rows_(rows) {}

  void Run() {
    const Array<uint64_t> base = SortedById(base_), current = SortedById(current_);
    size_t b = 0, c = 0;
    while (b < base.size() || c < current.size()) {
      const uint64_t id = std::min(b < base.size() ? base[b] >> 32 : kEnd,
                                   c < current.size() ? current[c] >> 32 : kEnd);
      size_t b_end = b, c_end = c;
      while (b_end < base.size() && base[b_end] >> 32 == id) ++b_end;
      while (c_end < current.size() && current[c_end] >> 32 == id) ++c_end;
      MergeOneId(base.span().subspan(b, b_end - b), current.span().subspan(c, c_end - c));
      b = b_end;
      c = c_end;
    }
  }

 private:
  static constexpr uint64_t kEnd = uint64_t{1} << 32;

  // Nearly always one node on each side, of one class. A file may give an id twice.
  void MergeOneId(std::span<const uint64_t> base, std::span<const uint64_t> current) {
    gone_.clear();
    for (uint64_t row : base) {
      const NodeIndex n(static_cast<uint32_t>(row));
      gone_.push_back({joint_.of_base[base_.classes.class_of(n).value()], n});
    }
    came_.clear();
    for (uint64_t row : current) {
      const NodeIndex n(static_cast<uint32_t>(row));
      came_.push_back({joint_.of_current[current_.classes.class_of(n).value()], n});
    }
    if (gone_.size() + came_.size() > 2) {
      std::sort(gone_.begin(), gone_.end());
      std::sort(came_.begin(), came_.end());
    }
    size_t g = 0, c = 0;
    while (g < gone_.size() || c < came_.size()) {
      if (c == came_.size() || (g < gone_.size() && gone_[g].first < came_[c].first)) {
        DiffRow& row = (*rows_)[gone_[g].first];
        ++row.removed_count;
        row.removed_size += base_.shallow.of(gone_[g++].second);
      } else if (g == gone_.size() || came_[c].first < gone_[g].first) {
        DiffRow& row = (*rows_)[came_[c].first];
        ++row.added_count;
        row.added_size += current_.shallow.of(came_[c++].second);
      } else {
        ++g;
        ++c;
      }
    }
  }

  const DiffSide& base_;
  const DiffSide& current_;
  const JointClasses& joint_;
  std::vector<DiffRow>* rows_;
  std::vector<std::pair<uint32_t, NodeIndex>> gone_, came_;  // class and node
};

void CompareTotals(const DiffSide& base, const DiffSide& current, const JointClasses& joint,
                   std::vector<DiffRow>* rows) {
  const auto sum = [](const DiffSide& side, const std::vector<uint32_t>& joint_class,
                      uint64_t DiffRow::*count, uint64_t DiffRow::*size,
                      std::vector<DiffRow>* into) {
    for (NodeIndex n : side.graph.nodes()) {
      const uint64_t bytes = side.shallow.of(n);
      if (bytes == 0) continue;
      DiffRow& row = (*into)[joint_class[side.classes.class_of(n).value()]];
      ++(row.*count);
      row.*size += bytes;
    }
  };
  sum(base, joint.of_base, &DiffRow::removed_count, &DiffRow::removed_size, rows);
  sum(current, joint.of_current, &DiffRow::added_count, &DiffRow::added_size, rows);
  for (DiffRow& row : *rows) {
    const uint64_t same_count = std::min(row.added_count, row.removed_count);
    row.added_count -= same_count;
    row.removed_count -= same_count;
    const uint64_t same_size = std::min(row.added_size, row.removed_size);
    row.added_size -= same_size;
    row.removed_size -= same_size;
  }
}

bool ComesBefore(const DiffRow& a, const DiffRow& b) {
  if (a.added_size != b.added_size) return a.added_size > b.added_size;
  if (a.removed_size != b.removed_size) return a.removed_size > b.removed_size;
  if (a.key.name != b.key.name) return a.key.name < b.key.name;
  const ScriptPosition x = a.key.location.value_or(ScriptPosition{});
  const ScriptPosition y = b.key.location.value_or(ScriptPosition{});
  if (x.script_id != y.script_id) return x.script_id < y.script_id;
  return x.line != y.line ? x.line < y.line : x.column < y.column;
}

}  // namespace

SnapshotDiff ComputeDiff(const DiffSide& base, const DiffSide& current, MatchedBy matched_by) {
  SnapshotDiff diff;
  diff.matched_by = matched_by;
  JointClasses joint = JoinClasses(base.classes, current.classes);
  if (matched_by == MatchedBy::kClass) JoinLooserClasses(&joint);
  std::vector<DiffRow> rows(joint.keys.size());
  if (matched_by == MatchedBy::kNodeId) {
    IdMerge(base, current, joint, &rows).Run();
  } else {
    CompareTotals(base, current, joint, &rows);
  }
  for (size_t c = 0; c < rows.size(); ++c) {
    DiffRow& row = rows[c];
    if (row.added_count + row.removed_count + row.added_size + row.removed_size == 0) continue;
    row.key = std::move(joint.keys[c]);
    diff.rows.push_back(std::move(row));
  }
  std::sort(diff.rows.begin(), diff.rows.end(), ComesBefore);
  return diff;
}

}  // namespace leaktrail
