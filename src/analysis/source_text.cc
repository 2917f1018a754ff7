#include "analysis/source_text.h"

#include <algorithm>
#include <array>

namespace leaktrail {
namespace {

bool IsWord(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '$' || static_cast<unsigned char>(c) >= 0x80;
}
bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// Reads forwards over a text; past its end it sees NUL.
class Reader {
 public:
  Reader(std::string_view text, size_t at) : text_(text), at_(at) {}
  size_t position() const { return at_; }
  char peek(size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  void SkipSpace() {
    while (IsSpace(peek())) ++at_;
  }
  bool Take(char c) {
    SkipSpace();
    if (peek() != c) return false;
    ++at_;
    return true;
  }
  bool TakeWord(std::string_view word) {
    SkipSpace();
    if (text_.substr(at_, word.size()) != word || IsWord(peek(word.size()))) return false;
    at_ += word.size();
    return true;
  }
  bool TakeAnyWord() {
    SkipSpace();
    const size_t begin = at_;
    while (IsWord(peek())) ++at_;
    return at_ > begin;
  }
  bool TakeArrow() {
    SkipSpace();
    if (peek() != '=' || peek(1) != '>') return false;
    at_ += 2;
    return true;
  }
  // To behind the bracket that closes the one here.
  bool TakeParentheses() {
    constexpr size_t kFar = 2000;
    if (!Take('(')) return false;
    const size_t end = std::min(text_.size(), at_ + kFar);
    for (int depth = 1; at_ < end; ++at_) {
      if (text_[at_] == '(') ++depth;
      if (text_[at_] == ')' && --depth == 0) return ++at_, true;
    }
    return false;
  }

 private:
  std::string_view text_;
  size_t at_;
};

// `function …`, `async (…) =>`, `x =>` from here on.
bool IsFunction(Reader r) {
  if (Reader async = r; async.TakeWord("async")) r = async;
  if (r.TakeWord("function")) return true;
  if (Reader list = r; list.TakeParentheses()) return list.TakeArrow();
  return r.TakeAnyWord() && r.TakeArrow();
}

std::string_view WordBefore(std::string_view text, size_t at) {
  while (at > 0 && (IsSpace(text[at - 1]) || text[at - 1] == '*')) --at;
  size_t begin = at;
  while (begin > 0 && IsWord(text[begin - 1])) --begin;
  return text.substr(begin, at - begin);
}

// Nothing but space, or a word of a method's, before it on its line; or the class's or object's
// bracket or comma.
bool MayBeginMethod(std::string_view text, size_t at) {
  constexpr std::array<std::string_view, 4> kWords = {"async", "static", "get", "set"};
  const std::string_view word = WordBefore(text, at);
  if (std::find(kWords.begin(), kWords.end(), word) != kWords.end()) return true;
  while (at > 0 && (text[at - 1] == ' ' || text[at - 1] == '\t' || text[at - 1] == '*')) --at;
  return at == 0 || text[at - 1] == '\n' || text[at - 1] == '{' || text[at - 1] == ',' ||
         text[at - 1] == ';' || text[at - 1] == '}';
}

bool DefinesAt(std::string_view text, size_t at, size_t length) {
  if (WordBefore(text, at) == "function") return true;
  Reader after(text, at + length);
  if (Reader r = after; r.Take('=') && r.peek() != '=' && r.peek() != '>') return IsFunction(r);
  if (Reader r = after; r.Take(':')) return IsFunction(r);
  if (Reader r = after; r.TakeParentheses() && r.Take('{')) return MayBeginMethod(text, at);
  return false;
}

constexpr uint64_t kSource = HashName("source");

// The next place from `from` on where the word stands by itself; npos if there is none.
size_t FindWord(std::string_view text, std::string_view word, size_t from = 0) {
  for (size_t at = text.find(word, from); at != std::string_view::npos;
       at = text.find(word, at + 1)) {
    const size_t end = at + word.size();
    if ((at == 0 || !IsWord(text[at - 1])) && (end == text.size() || !IsWord(text[end]))) return at;
  }
  return std::string_view::npos;
}

// Whether `name` gets an empty list, table, object or text here, or loses its elements.
bool EmptiesAt(std::string_view text, size_t at, size_t length) {
  constexpr std::array<std::string_view, 3> kDeclarations = {"const", "let", "var"};
  const std::string_view before = WordBefore(text, at);
  if (std::find(kDeclarations.begin(), kDeclarations.end(), before) != kDeclarations.end()) {
    return false;
  }
  Reader r(text, at + length);
  if (Reader list = r; list.Take('.') && list.TakeWord("length") && list.Take('=')) {
    return list.Take('0');
  }
  if (!r.Take('=') || r.peek() == '=' || r.peek() == '>') return false;
  if (Reader list = r; list.Take('[')) return list.Take(']');
  if (Reader object = r; object.Take('{')) return object.Take('}');
  r.SkipSpace();
  const std::string_view value = text.substr(std::min(r.position(), text.size()), 2);
  if (value == "''" || value == "\"\"" || value == "``") return true;
  if (!r.TakeWord("new")) return false;
  return (r.TakeWord("Map") || r.TakeWord("Set") || r.TakeWord("Array") || r.TakeWord("Object")) &&
         (!r.Take('(') || r.Take(')'));
}

}  // namespace

std::string_view FunctionBody(std::string_view source, uint32_t line, uint32_t column) {
  if (line == 0 || column == 0) return {};
  size_t at = 0;
  for (uint32_t i = 1; i < line; ++i) {
    at = source.find('\n', at);
    if (at == std::string_view::npos) return {};
    ++at;
  }
  at = std::min(at + column - 1, source.size());
  Reader r(source, at);
  if (!r.TakeParentheses() && !r.TakeAnyWord()) return {};
  (void)r.TakeArrow();
  r.SkipSpace();
  if (r.peek() != '{') return {};
  const size_t begin = r.position();
  int depth = 0;
  for (size_t i = begin; i < source.size(); ++i) {
    if (source[i] == '{') ++depth;
    if (source[i] == '}' && --depth == 0) return source.substr(begin, i + 1 - begin);
  }
  return {};
}

bool Empties(std::string_view body, std::string_view variable) {
  if (variable.empty()) return false;
  for (size_t at = FindWord(body, variable); at != std::string_view::npos;
       at = FindWord(body, variable, at + 1)) {
    if (EmptiesAt(body, at, variable.size())) return true;
  }
  return false;
}

std::string FindSource(const HeapGraph& graph, const NameHashes& names, const Script& script,
                       const SourceReader& read_source) {
  if (!script.node.valid() || !script.path.starts_with('/')) return "";
  std::string begin;
  for (const EdgeIndex e : graph.edges_of(script.node)) {
    if (graph.edge_type(e) == EdgeType::kInternal && names.of(graph.edge_name(e)) == kSource) {
      begin = graph.NodeName(graph.target(e));
    }
  }
  std::string text = read_source(script.path);
  return !begin.empty() && text.starts_with(begin) ? text : "";
}

uint32_t LineOfDefinition(std::string_view source, std::string_view function) {
  if (function.empty()) return 0;
  size_t found = std::string_view::npos;
  for (size_t at = FindWord(source, function); at != std::string_view::npos;
       at = FindWord(source, function, at + 1)) {
    if (!DefinesAt(source, at, function.size())) continue;
    if (found != std::string_view::npos) return 0;
    found = at;
  }
  if (found == std::string_view::npos) return 0;
  return 1 + static_cast<uint32_t>(std::count(source.begin(), source.begin() + found, '\n'));
}

}  // namespace leaktrail
