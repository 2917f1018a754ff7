#include "experiment/plan_words.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "experiment/plan.h"

namespace leaktrail {
namespace {

// Restricted Damerau–Levenshtein distance: two letters in the wrong order are one slip.
size_t SlipsBetween(std::string_view a, std::string_view b) {
  std::vector<size_t> before(b.size() + 1), last(b.size() + 1), now(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    now[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      now[j] = std::min({last[j] + 1, now[j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        now[j] = std::min(now[j], before[j - 2] + 1);
      }
    }
    before.swap(last);
    last.swap(now);
  }
  return last[b.size()];
}

}  // namespace

std::string_view NearestWord(std::string_view word, std::span<const std::string_view> known) {
  std::string_view nearest;
  size_t fewest = std::max<size_t>(word.size() / 3, 1) + 1;
  for (const std::string_view candidate : known) {
    const size_t slips = SlipsBetween(word, candidate);
    if (slips < fewest) {
      fewest = slips;
      nearest = candidate;
    }
  }
  return nearest;
}

Result<std::vector<std::string>> SplitCommand(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  bool in_word = false;
  char quote = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote != 0) {
      if (c == quote) {
        quote = 0;
      } else if (c == '\\' && quote == '"' && i + 1 < text.size()) {
        word += text[++i];
      } else {
        word += c;
      }
      continue;
    }
    if (c == '\'' || c == '"') {
      quote = c;
      in_word = true;
    } else if (c == ' ' || c == '\t') {
      if (in_word) words.push_back(std::move(word));
      word.clear();
      in_word = false;
    } else if (std::string_view("&|;<>$`*?(){}~\n").find(c) != std::string_view::npos) {
      return Fail(ErrorKind::kBadInput,
                  fmt::format("the command needs a shell for its '{}'; write command = [\"sh\", "
                              "\"-c\", \"…\"]",
                              c == '\n' ? "line break" : std::string(1, c)));
    } else {
      word += c == '\\' && i + 1 < text.size() ? text[++i] : c;
      in_word = true;
    }
  }
  if (quote != 0) {
    return Fail(ErrorKind::kBadInput,
                fmt::format("a quote {} is not closed in the command", quote));
  }
  if (in_word) words.push_back(std::move(word));
  return words;
}

}  // namespace leaktrail
