#include "experiment/boundary_search.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <random>
#include <set>

namespace leaktrail {
namespace {

size_t Log2Up(size_t n) { return n <= 1 ? 0 : std::bit_width(n - 1); }

// A history in which everything from `turn` on is bad, with some places that have no answer.
struct History {
  size_t size = 0, turn = 0;
  std::set<size_t> missing;
  std::vector<size_t> asked;

  AskPlace ask() {
    return [this](size_t place) -> Result<Answer> {
      EXPECT_LT(place, size);
      asked.push_back(place);
      if (missing.count(place) != 0) return place % 2 == 0 ? Answer::kSkipped : Answer::kUnclear;
      return place >= turn ? Answer::kBad : Answer::kGood;
    };
  }
};

TEST(BoundarySearch, FindsEveryBoundaryWithLogarithmicallyManyQuestions) {
  for (size_t n = 2; n <= 130; ++n) {
    for (size_t turn = 1; turn < n; ++turn) {
      History history{n, turn, {}, {}};
      const Result<Boundary> found = FindBoundary(n, history.ask());
      ASSERT_TRUE(found);
      EXPECT_EQ(found->end, BoundaryEnd::kFound);
      EXPECT_EQ(found->last_good, turn - 1);
      EXPECT_EQ(found->first_bad, turn);
      EXPECT_LE(found->questions, 2 + Log2Up(n - 1)) << n << " " << turn;
    }
  }
}

TEST(BoundarySearch, SaysWhichEndIsNotAsItShouldBe) {
  History all_bad{5, 0, {}, {}}, all_good{5, 5, {}, {}}, no_end{5, 2, {4}, {}},
      no_begin{5, 3, {0}, {}}, nothing_good{5, 2, {0, 1}, {}};
  EXPECT_EQ(FindBoundary(5, all_bad.ask())->end, BoundaryEnd::kGoodIsBad);
  EXPECT_EQ(FindBoundary(5, all_good.ask())->end, BoundaryEnd::kBadIsGood);
  EXPECT_EQ(all_good.asked.size(), 1u);
  EXPECT_EQ(FindBoundary(5, no_end.ask())->end, BoundaryEnd::kNoAnswer);
  EXPECT_EQ(FindBoundary(5, no_begin.ask())->end, BoundaryEnd::kNoAnswer);
  EXPECT_EQ(no_begin.asked.size(), 2u);
  const Result<Boundary> another = FindBoundary(5, no_begin.ask(), MissingFirst::kSearch);
  EXPECT_EQ(another->end, BoundaryEnd::kFound);
  EXPECT_EQ(another->last_good, 2u);
  const Result<Boundary> none = FindBoundary(5, nothing_good.ask(), MissingFirst::kSearch);
  EXPECT_EQ(none->end, BoundaryEnd::kNoAnswer);
  EXPECT_EQ(none->first_bad, 2u);
  EXPECT_EQ(FindBoundary(1, all_bad.ask())->end, BoundaryEnd::kNoAnswer);
}

TEST(BoundarySearch, IsNeverWrongWherePlacesHaveNoAnswer) {
  std::mt19937 random(7);
  for (int i = 0; i < 4000; ++i) {
    const size_t n = 2 + random() % 60;
    History history{n, 1 + random() % (n - 1), {}, {}};
    const size_t part = random() % 10;
    for (size_t p = 1; p + 1 < n; ++p) {
      if (random() % 10 < part) history.missing.insert(p);
    }
    const Result<Boundary> found = FindBoundary(n, history.ask());
    ASSERT_TRUE(found);
    ASSERT_LT(found->last_good, found->first_bad);
    EXPECT_LT(found->last_good, history.turn);
    EXPECT_GE(found->first_bad, history.turn);
    for (size_t p = found->last_good + 1; p < found->first_bad; ++p) {
      EXPECT_TRUE(history.missing.count(p)) << "an answer that nobody asked for";
    }
    EXPECT_EQ(found->end == BoundaryEnd::kFound, found->first_bad == found->last_good + 1);
    EXPECT_EQ(std::set<size_t>(history.asked.begin(), history.asked.end()).size(),
              history.asked.size());
    // Each answer that is missing may also push the next question off the middle.
    EXPECT_LE(found->questions, 2 + Log2Up(n - 1) + 2 * history.missing.size());
  }
}

TEST(BoundarySearch, FindsAPairOfNeighboursInAHistoryThatGoesBackAndForth) {
  std::mt19937 random(8);
  for (int i = 0; i < 1000; ++i) {
    const size_t n = 2 + random() % 40;
    std::vector<Answer> history(n);
    for (Answer& a : history) a = random() % 2 == 0 ? Answer::kGood : Answer::kBad;
    history.front() = Answer::kGood;
    history.back() = Answer::kBad;
    const Result<Boundary> found =
        FindBoundary(n, [&](size_t p) -> Result<Answer> { return history[p]; });
    ASSERT_EQ(found->end, BoundaryEnd::kFound);
    EXPECT_EQ(found->first_bad, found->last_good + 1);
    EXPECT_EQ(history[found->last_good], Answer::kGood);
    EXPECT_EQ(history[found->first_bad], Answer::kBad);
  }
}

TEST(BoundarySearch, StopsAtAnError) {
  size_t asked = 0;
  const Result<Boundary> found = FindBoundary(9, [&](size_t) -> Result<Answer> {
    ++asked;
    return Fail(ErrorKind::kInterrupted, "interrupted");
  });
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind, ErrorKind::kInterrupted);
  EXPECT_EQ(asked, 1u);
}

// Bad up to `turn`, good from there on.
AskPlace Recovering(size_t turn, const std::set<size_t>& missing = {}) {
  return [turn, missing](size_t place) -> Result<Answer> {
    if (missing.count(place) != 0) return Answer::kSkipped;
    return place >= turn ? Answer::kGood : Answer::kBad;
  };
}

TEST(BoundarySearch, AsksOnceWhenTheNextVersionIsGoodAgain) {
  const Result<Recovery> found = FindRecovery(50, 6, Recovering(0));
  EXPECT_EQ(found->end, RecoveryEnd::kFound);
  EXPECT_EQ(found->first_good, 0u);
  EXPECT_FALSE(found->last_bad.has_value());
  EXPECT_TRUE(found->is_exact);
  EXPECT_EQ(found->questions, 1u);
}

TEST(BoundarySearch, FindsEveryRecoveryWhenItMayAskEnough) {
  for (size_t n = 1; n <= 70; ++n) {
    for (size_t turn = 0; turn < n; ++turn) {
      const Result<Recovery> found = FindRecovery(n, 100, Recovering(turn));
      ASSERT_EQ(found->end, RecoveryEnd::kFound) << n << " " << turn;
      EXPECT_EQ(found->first_good, turn);
      EXPECT_TRUE(found->is_exact);
      if (turn > 0) {
        EXPECT_EQ(found->last_bad, turn - 1);
      }
      EXPECT_LE(found->questions, 2 + 2 * Log2Up(n + 1));
    }
    EXPECT_EQ(FindRecovery(n, 100, Recovering(n))->end, RecoveryEnd::kStillBad);
  }
  EXPECT_EQ(FindRecovery(0, 100, Recovering(0))->end, RecoveryEnd::kNotAsked);
}

TEST(BoundarySearch, NeverAsksMoreOftenThanAllowedAndStaysTrue) {
  std::mt19937 random(9);
  for (int i = 0; i < 3000; ++i) {
    const size_t n = 1 + random() % 200, turn = random() % (n + 1), most = random() % 8;
    std::set<size_t> missing;
    for (size_t p = 0; p < n; ++p) {
      if (random() % 5 == 0) missing.insert(p);
    }
    const Result<Recovery> found = FindRecovery(n, most, Recovering(turn, missing));
    EXPECT_LE(found->questions, most);
    if (found->end == RecoveryEnd::kFound) {
      EXPECT_GE(*found->first_good, turn);
      if (found->is_exact) {
        EXPECT_EQ(*found->first_good, turn);
      }
    }
    if (found->last_bad) {
      EXPECT_LT(*found->last_bad, turn);
    }
    if (found->end == RecoveryEnd::kStillBad) {
      EXPECT_EQ(turn, n);
    }
  }
}

// Bad as soon as all of `guilty` are applied.
struct Changes {
  std::vector<size_t> guilty;
  size_t asked = 0;
  AskSet ask() {
    return [this](const std::vector<size_t>& set) -> Result<Answer> {
      ++asked;
      return std::includes(set.begin(), set.end(), guilty.begin(), guilty.end()) ? Answer::kBad
                                                                                 : Answer::kGood;
    };
  }
};

TEST(BoundarySearch, FindsTheOneGuiltyChangeOfMany) {
  for (size_t n = 1; n <= 100; ++n) {
    for (size_t guilty = 0; guilty < n; ++guilty) {
      Changes changes{{guilty}};
      const Result<GuiltySet> found = FindGuiltyChanges(n, changes.ask());
      EXPECT_EQ(found->end, BoundaryEnd::kFound);
      EXPECT_EQ(found->changes, std::vector<size_t>{guilty});
      EXPECT_TRUE(found->is_confirmed);
      EXPECT_EQ(found->questions, changes.asked);
      EXPECT_LE(found->questions, 3 + Log2Up(n));
    }
  }
}

TEST(BoundarySearch, FindsChangesThatAreOnlyBadTogether) {
  for (size_t n = 2; n <= 30; ++n) {
    for (size_t a = 0; a < n; ++a) {
      for (size_t b = a + 1; b < n; ++b) {
        Changes changes{{a, b}};
        const Result<GuiltySet> found = FindGuiltyChanges(n, changes.ask());
        EXPECT_EQ(found->changes, (std::vector<size_t>{a, b}));
        EXPECT_TRUE(found->is_confirmed);
        EXPECT_LE(found->questions, 2 * (3 + Log2Up(n)));
      }
    }
  }
  Changes three{{2, 5, 11}};
  EXPECT_EQ(FindGuiltyChanges(16, three.ask())->changes, (std::vector<size_t>{2, 5, 11}));
}

TEST(BoundarySearch, FindsOneOfTwoChangesThatAreBadAlone) {
  const AskSet either = [](const std::vector<size_t>& set) -> Result<Answer> {
    for (const size_t c : set) {
      if (c == 3 || c == 9) return Answer::kBad;
    }
    return Answer::kGood;
  };
  const Result<GuiltySet> found = FindGuiltyChanges(12, either);
  EXPECT_EQ(found->changes, std::vector<size_t>{3});
  EXPECT_TRUE(found->is_confirmed);
}

TEST(BoundarySearch, NamesTheSuspectsWhereSetsDoNotStart) {
  // 4 needs 5 to start, 5 is guilty.
  const AskSet ask = [](const std::vector<size_t>& set) -> Result<Answer> {
    const bool four = std::count(set.begin(), set.end(), 4) > 0;
    const bool five = std::count(set.begin(), set.end(), 5) > 0;
    if (four != five) return Answer::kSkipped;
    return five ? Answer::kBad : Answer::kGood;
  };
  const Result<GuiltySet> found = FindGuiltyChanges(8, ask);
  EXPECT_EQ(found->end, BoundaryEnd::kNarrowed);
  EXPECT_EQ(found->suspects, (std::vector<size_t>{4, 5}));
}

}  // namespace
}  // namespace leaktrail
