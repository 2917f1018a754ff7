#include "snapshot/value_names.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "base/ascii.h"

namespace leaktrail {
namespace {

constexpr size_t kLongestName = 100;
constexpr int kLongDigits = 5;
constexpr int kManyDigits = 8;
constexpr int kChanges = 4;  // between letters and digits
constexpr size_t kMixedLength = 8;
constexpr int kConsonants = 6;  // in a row: "length" has 4, "rhythms" 7 but is rare
constexpr size_t kLongWord = 28;
constexpr size_t kJudgedWord = 8;
constexpr size_t kKeyLength = 16;
constexpr size_t kCapitalsLength = 12;
constexpr size_t kMixedCaseLength = 16;
// Of the places between two characters: where capitals, small letters, digits and signs change.
// Words in camelCase come to 0.3, base64 to 0.64.
constexpr double kMixedCase = 0.42, kMixedCaseOfLetters = 0.55;
// Of pairs of letters: fewer than this part are usual ones, and there are enough to tell.
constexpr double kUsualPart = 0.58;
constexpr size_t kFewPairs = 6;

bool IsVowel(char c) {
  c = ToLower(c);
  return c == 'a' || c == 'e' || c == 'i' || c == 'o' || c == 'u' || c == 'y';
}

// A run of letters, split where camelCase begins a new word.
bool LooksRandom(std::string_view letters) {
  int small_words = 0;  // of one or two letters: "aGVsbG8gd29ybGQ" is full of them
  size_t begin = 0;
  size_t words = 0;
  for (size_t i = 1; i <= letters.size(); ++i) {
    const bool ends = i == letters.size() || (IsUpper(letters[i]) && IsLower(letters[i - 1])) ||
                      (IsUpper(letters[i - 1]) && IsUpper(letters[i]) && i + 1 < letters.size() &&
                       IsLower(letters[i + 1]));
    if (!ends) continue;
    const std::string_view word = letters.substr(begin, i - begin);
    begin = i;
    ++words;
    if (word.size() <= 2) ++small_words;
    if (word.size() > kLongWord) return true;
    if (word.size() < kJudgedWord) continue;
    int consonants = 0;
    size_t vowels = 0;
    for (const char c : word) {
      if (IsVowel(c)) {
        ++vowels;
        consonants = 0;
      } else if (++consonants >= kConsonants) {
        return true;
      }
    }
    if (vowels * 6 < word.size() || vowels * 4 > word.size() * 3) return true;
  }
  return letters.size() >= kJudgedWord && words >= 4 && small_words * 2 >= static_cast<int>(words);
}

bool IsHex(char c) { return IsDigit(c) || (ToLower(c) >= 'a' && ToLower(c) <= 'f'); }

// Letters and digits in one piece: "utf8", "sha256" and "x86_64" are names, "a8f3kq02" is not.
bool PieceLooksLikeValue(std::string_view piece) {
  int digits = 0, run = 0, changes = 0;
  bool all_hex = true;
  for (size_t i = 0; i < piece.size(); ++i) {
    if (!IsHex(piece[i])) all_hex = false;
    if (i > 0 && IsDigit(piece[i]) != IsDigit(piece[i - 1])) ++changes;
    run = IsDigit(piece[i]) ? run + 1 : 0;
    if (run >= kLongDigits) return true;
    digits += IsDigit(piece[i]);
  }
  if (digits > 0 && piece.size() >= kMixedLength && (changes >= kChanges || all_hex)) return true;
  if (digits > 0 && piece.size() >= kCapitalsLength &&
      std::none_of(piece.begin(), piece.end(), IsLower)) {
    return true;
  }
  for (size_t i = 0; i < piece.size();) {
    if (!IsLetter(piece[i])) {
      ++i;
      continue;
    }
    size_t end = i;
    while (end < piece.size() && IsLetter(piece[end])) ++end;
    if (LooksRandom(piece.substr(i, end - i))) return true;
    i = end;
  }
  return false;
}

enum class CharacterKind : uint8_t { kSmall, kCapital, kDigit, kBase64Sign, kOther };
CharacterKind KindOf(char c) {
  if (IsLower(c)) return CharacterKind::kSmall;
  if (IsUpper(c)) return CharacterKind::kCapital;
  if (IsDigit(c)) return CharacterKind::kDigit;
  return c == '+' || c == '/' || c == '-' || c == '_' || c == '=' ? CharacterKind::kBase64Sign
                                                                  : CharacterKind::kOther;
}

// The 200 pairs of letters that are most frequent in words: after each letter, from a to z. Counted
// in the 2,725 words, of four letters and more, of which names of properties and variables in
// snapshots of Node 8 to 26 are made. Of their pairs nine tenths are these, of random ones three
// tenths.
constexpr std::string_view kUsualNext[26] = {
    /* a */ "bcdgilmnprstuv",
    /* b */ "aeilou",
    /* c */ "aehiklortu",
    /* d */ "adeilosu",
    /* e */ "abcdefgilmnpqrstvx",
    /* f */ "aefilo",
    /* g */ "aeinrs",
    /* h */ "aeio",
    /* i */ "abcdefglmnoprstvz",
    /* j */ "",
    /* k */ "e",
    /* l */ "adeilostu",
    /* m */ "aeilop",
    /* n */ "acdefgiknostu",
    /* o */ "cdklmnoprstuw",
    /* p */ "aeiloprstu",
    /* q */ "u",
    /* r */ "acdeimnorstuvy",
    /* s */ "acehilopstuy",
    /* t */ "acehiorstuy",
    /* u */ "bceilmnprst",
    /* v */ "aei",
    /* w */ "aer",
    /* x */ "pt",
    /* y */ "p",
    /* z */ "e",
};

bool IsUnlikeWords(std::string_view text) {
  size_t pairs = 0, usual = 0;
  for (size_t i = 1; i < text.size(); ++i) {
    if (!IsLetter(text[i - 1]) || !IsLetter(text[i])) continue;
    ++pairs;
    usual +=
        kUsualNext[ToLower(text[i - 1]) - 'a'].find(ToLower(text[i])) != std::string_view::npos;
  }
  return pairs >= kFewPairs && static_cast<double>(usual) < kUsualPart * static_cast<double>(pairs);
}

// "q8ZtR1vXc0LmNa4b": no word is that restless.
bool LooksLikeBase64(std::string_view text) {
  if (text.size() < kMixedCaseLength) return false;
  size_t changes = 0, digits = 0, capitals = 0, small = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const CharacterKind kind = KindOf(text[i]);
    if (kind == CharacterKind::kOther) return false;
    digits += kind == CharacterKind::kDigit;
    capitals += kind == CharacterKind::kCapital;
    small += kind == CharacterKind::kSmall;
    if (i > 0 && kind != KindOf(text[i - 1])) ++changes;
  }
  const double part = static_cast<double>(changes) / static_cast<double>(text.size() - 1);
  if (capitals > 1 && part >= (digits > 0 ? kMixedCase : kMixedCaseOfLetters)) return true;
  return capitals > 0 && small > 1 && IsUnlikeWords(text);
}

// How keys of well-known services begin. Only where a word begins: "task_test_" is a name.
bool HasKeyPrefix(std::string_view text) {
  constexpr std::string_view kPrefixes[] = {
      "AKIA",     "ASIA",   "AIza",     "eyJ",      "gho_",     "ghp_", "github_pat_",
      "glpat-",   "npm_",   "pk_live_", "pk_test_", "rk_live_", "sk-",  "sk_live_",
      "sk_test_", "whsec_", "xoxb-",    "xoxp-",    "ya29."};
  for (const std::string_view prefix : kPrefixes) {
    for (size_t at = text.find(prefix); at != std::string_view::npos;
         at = text.find(prefix, at + 1)) {
      const bool begins = at == 0 || !(IsLetter(text[at - 1]) || IsDigit(text[at - 1]) ||
                                       text[at - 1] == '_' || text[at - 1] == '$');
      if (begins && text.size() - at >= kKeyLength) return true;
    }
  }
  return false;
}

}  // namespace

bool HasMailAddress(std::string_view text) {
  for (size_t at = text.find('@'); at != std::string_view::npos; at = text.find('@', at + 1)) {
    if (at == 0 || at + 3 >= text.size()) continue;
    const char before = text[at - 1], after = text[at + 1];
    if (!(IsLetter(before) || IsDigit(before) || static_cast<signed char>(before) < 0)) continue;
    if (IsDigit(after) || !(IsLetter(after) || static_cast<signed char>(after) < 0)) continue;
    for (size_t i = at + 1; i + 1 < text.size() && text[i] != ' ' && text[i] != '/'; ++i) {
      if (text[i] == '.' && IsLetter(text[i + 1])) return true;
    }
  }
  return false;
}

bool LooksLikeValue(std::string_view text) {
  if (text.size() > kLongestName || HasMailAddress(text) || HasKeyPrefix(text) ||
      LooksLikeBase64(text)) {
    return true;
  }
  int digits = 0;
  for (size_t i = 0; i < text.size();) {
    if (!IsLetter(text[i]) && !IsDigit(text[i])) {
      ++i;
      continue;
    }
    size_t end = i;
    while (end < text.size() && (IsLetter(text[end]) || IsDigit(text[end]))) {
      digits += IsDigit(text[end]);
      ++end;
    }
    if (PieceLooksLikeValue(text.substr(i, end - i))) return true;
    i = end;
  }
  return digits >= kManyDigits;
}

}  // namespace leaktrail
