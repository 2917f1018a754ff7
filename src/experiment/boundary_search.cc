#include "experiment/boundary_search.h"

#include <algorithm>
#include <map>

namespace leaktrail {
namespace {

constexpr size_t kGallop = 4;
// More than this at once is no bisection any more.
constexpr size_t kMaxGuilty = 4;

bool IsAnswer(Answer a) { return a == Answer::kGood || a == Answer::kBad; }

// Asks each place once.
class Memory {
 public:
  explicit Memory(const AskPlace& ask) : ask_(ask) {}
  Result<Answer> Ask(size_t place) {
    if (const auto known = answers_.find(place); known != answers_.end()) return known->second;
    ++questions_;
    Result<Answer> answer = ask_(place);
    if (answer) answers_[place] = *answer;
    return answer;
  }
  bool IsMissing(size_t place) const {
    const auto known = answers_.find(place);
    return known != answers_.end() && !IsAnswer(known->second);
  }
  size_t questions() const { return questions_; }

 private:
  const AskPlace& ask_;
  std::map<size_t, Answer> answers_;
  size_t questions_ = 0;
};

// The place between that is nearest to the middle and may have an answer.
std::optional<size_t> NextBetween(size_t low, size_t high, const Memory& memory) {
  const size_t middle = low + (high - low) / 2;
  for (size_t away = 0; away < high - low; ++away) {
    for (const bool up : {false, true}) {
      if (!up && middle < low + 1 + away) continue;
      const size_t place = up ? middle + away : middle - away;
      if (place > low && place < high && !memory.IsMissing(place)) return place;
    }
  }
  return std::nullopt;
}

// Between a place that answers `first` and one that answers otherwise. Stops early when `most`
// questions have been asked.
Result<void> Halve(Answer first, size_t most, Memory* memory, size_t* low, size_t* high) {
  while (memory->questions() < most) {
    const std::optional<size_t> place = NextBetween(*low, *high, *memory);
    if (!place) return {};
    Result<Answer> answer = memory->Ask(*place);
    if (!answer) return tl::unexpected(answer.error());
    if (IsAnswer(*answer)) (*answer == first ? *low : *high) = *place;
  }
  return {};
}

}  // namespace

Result<Boundary> FindBoundary(size_t n, const AskPlace& ask, MissingFirst missing_first) {
  Memory memory(ask);
  Boundary out;
  const auto ends = [&](BoundaryEnd end) {
    out.end = end;
    out.questions = memory.questions();
    return out;
  };
  if (n < 2) return ends(BoundaryEnd::kNoAnswer);
  const Result<Answer> last = memory.Ask(n - 1);
  if (!last) return tl::unexpected(last.error());
  if (*last == Answer::kGood) return ends(BoundaryEnd::kBadIsGood);
  if (*last != Answer::kBad) return ends(BoundaryEnd::kNoAnswer);
  const Result<Answer> first = memory.Ask(0);
  if (!first) return tl::unexpected(first.error());
  if (*first == Answer::kBad) return ends(BoundaryEnd::kGoodIsBad);
  const bool is_missing = *first != Answer::kGood;
  if (is_missing && missing_first == MissingFirst::kEnd) return ends(BoundaryEnd::kNoAnswer);
  out.last_good = 0;
  out.first_bad = n - 1;
  const Result<void> halved =
      Halve(Answer::kGood, SIZE_MAX, &memory, &out.last_good, &out.first_bad);
  if (!halved) return tl::unexpected(halved.error());
  if (is_missing && out.last_good == 0) return ends(BoundaryEnd::kNoAnswer);
  return ends(out.first_bad == out.last_good + 1 ? BoundaryEnd::kFound : BoundaryEnd::kNarrowed);
}

Result<Recovery> FindRecovery(size_t n, size_t max_questions, const AskPlace& ask) {
  // Place 0 is the bad one before the first; so the others are one higher.
  const AskPlace shifted = [&](size_t place) { return ask(place - 1); };
  Memory memory(shifted);
  Recovery out;
  size_t bad = 0, good = 0, step = 1;
  while (good == 0 && bad < n && memory.questions() < max_questions) {
    size_t place = std::min(bad + step, n);
    while (place > bad && memory.IsMissing(place)) --place;
    if (place == bad) {
      // All on the way are known to be missing.
      if (bad + step >= n) break;
      step *= kGallop;
      continue;
    }
    const Result<Answer> answer = memory.Ask(place);
    if (!answer) return tl::unexpected(answer.error());
    if (*answer == Answer::kGood) good = place;
    if (*answer == Answer::kBad) {
      bad = place;
      step *= kGallop;
    }
  }
  if (good > 0) {
    // Up to here only bad ones were seen, so halving may be cut short and still tell something
    // true.
    const Result<void> halved = Halve(Answer::kBad, max_questions, &memory, &bad, &good);
    if (!halved) return tl::unexpected(halved.error());
    out.end = RecoveryEnd::kFound;
    out.first_good = good - 1;
    out.is_exact = good == bad + 1;
  } else {
    out.end = bad == n && n > 0 ? RecoveryEnd::kStillBad : RecoveryEnd::kNotAsked;
  }
  if (bad > 0) out.last_bad = bad - 1;
  out.questions = memory.questions();
  return out;
}

Result<GuiltySet> FindGuiltyChanges(size_t n, const AskSet& ask) {
  GuiltySet out;
  // Sets that have been asked already, so that no service is measured twice for the same.
  std::map<std::vector<size_t>, Answer> known;
  const auto ask_once = [&](std::vector<size_t> set) -> Result<Answer> {
    std::sort(set.begin(), set.end());
    set.erase(std::unique(set.begin(), set.end()), set.end());
    if (const auto found = known.find(set); found != known.end()) return found->second;
    ++out.questions;
    Result<Answer> answer = ask(set);
    if (answer) known[set] = *answer;
    return answer;
  };
  const auto with_first = [&](size_t count) {
    std::vector<size_t> set = out.changes;
    for (size_t i = 0; i < count; ++i) set.push_back(i);
    return set;
  };
  size_t reach = n;
  while (out.changes.size() < kMaxGuilty) {
    const Result<Boundary> boundary =
        FindBoundary(reach + 1, [&](size_t count) { return ask_once(with_first(count)); });
    if (!boundary) return tl::unexpected(boundary.error());
    if (out.changes.empty()) out.end = boundary->end;
    if (boundary->end != BoundaryEnd::kFound) {
      if (boundary->end == BoundaryEnd::kGoodIsBad && !out.changes.empty()) {
        out.is_confirmed = true;
      } else if (boundary->end == BoundaryEnd::kNarrowed) {
        out.end = boundary->end;
        for (size_t i = boundary->last_good; i < boundary->first_bad; ++i)
          out.suspects.push_back(i);
      }
      return out;
    }
    out.changes.push_back(boundary->last_good);  // counts: the change after the last good count
    std::sort(out.changes.begin(), out.changes.end());
    reach = boundary->last_good;
    const Result<Answer> alone = ask_once(out.changes);
    if (!alone) return tl::unexpected(alone.error());
    out.is_confirmed = *alone == Answer::kBad;
    if (out.is_confirmed || !IsAnswer(*alone)) return out;
  }
  return out;
}

}  // namespace leaktrail
