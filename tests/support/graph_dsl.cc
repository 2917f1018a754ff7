#include "tests/support/graph_dsl.h"

#include <cctype>
#include <stdexcept>
#include <string>
#include <unordered_map>

namespace leaktrail::testing {
namespace {

constexpr uint64_t kDefaultSize = 8;

std::string_view Trim(std::string_view s) {
  while (!s.empty() && std::isspace(static_cast<unsigned char>(s.front())) != 0) s.remove_prefix(1);
  while (!s.empty() && std::isspace(static_cast<unsigned char>(s.back())) != 0) s.remove_suffix(1);
  return s;
}

bool IsNumber(std::string_view s) {
  if (s.empty()) return false;
  for (char c : s) {
    if (c < '0' || c > '9') return false;
  }
  return true;
}

class Parser {
 public:
  SnapshotModel Parse(std::string_view text) {
    bool quoted = false;
    size_t first = 0, end = std::string_view::npos;
    for (size_t i = 0; i <= text.size(); ++i) {
      const char c = i < text.size() ? text[i] : '\n';
      if (c == '"') quoted = !quoted;
      if (c == '#' && !quoted && end == std::string_view::npos) end = i;
      if (c == '\n' || (c == ';' && !quoted && end == std::string_view::npos)) {
        Statement(Trim(text.substr(first, (end < i ? end : i) - first)));
        first = i + 1;
        end = std::string_view::npos;
        quoted = false;
      }
    }
    if (!model_.nodes.empty() && !typed_root_) model_.nodes[0].type = "synthetic";
    if (!model_.nodes.empty() && !named_root_) model_.nodes[0].name.clear();
    return std::move(model_);
  }

 private:
  [[noreturn]] static void Fail(std::string_view statement) {
    throw std::invalid_argument("graph DSL: cannot read \"" + std::string(statement) + '"');
  }

  void Statement(std::string_view s) {
    if (s.empty()) return;
    if (const size_t arrow = s.rfind("->"); arrow != std::string_view::npos) {
      Edge(s, arrow);
    } else if (const size_t colon = s.find(':'); colon != std::string_view::npos) {
      Node(Trim(s.substr(0, colon)), s.substr(colon + 1), s);
    } else {
      const std::vector<std::string> words = Words(s, s);
      if (words[0] == "at" && words.size() == 5) {
        model_.locations.push_back({NodeOf(words[1]), Number32(words[2], s), Number32(words[3], s),
                                    Number32(words[4], s)});
      } else if (words[0] == "extra" && words.size() == 2) {
        model_.extra_native_bytes = Number(words[1], s);
      } else if (words.size() == 1) {
        NodeOf(words[0]);
      } else {
        Fail(s);
      }
    }
  }

  // `from -TYPE NAME-> to`, `from -NAME-> to`, `from -> to`.
  void Edge(std::string_view s, size_t arrow) {
    const std::string_view to = Trim(s.substr(arrow + 2));
    std::string_view left = s.substr(0, arrow);
    const size_t dash = left.find(" -");
    ModelEdge edge;
    edge.from = NodeOf(Trim(dash == std::string_view::npos ? left : left.substr(0, dash)));
    edge.to = NodeOf(to);
    if (dash == std::string_view::npos) {
      edge.type = "element";
      edge.index = ++next_element_[edge.from];
    } else {
      const std::string_view label = Trim(left.substr(dash + 2));
      const size_t space = label.find(' ');
      const std::string_view first = label.substr(0, space);
      if (space != std::string_view::npos && EdgeTypeFromName(first) != EdgeType::kOther) {
        edge.type = first;
        edge.name = Trim(label.substr(space + 1));
      } else {
        edge.name = label;
      }
      if (NamedByIndex(EdgeTypeFromName(edge.type))) edge.index = Number32(edge.name, s);
    }
    model_.edges.push_back(std::move(edge));
  }

  void Node(std::string_view label, std::string_view rest, std::string_view s) {
    const uint32_t n = NodeOf(label);
    ModelNode& node = model_.nodes[n];
    bool named = false;
    // A type of two words ("concatenated string") is written with '_'.
    for (const std::string& word : Words(rest, s)) {
      std::string type = word;
      for (char& c : type) c = c == '_' ? ' ' : c;
      if (word[0] == '"') {
        node.name = word.substr(1);
        named = true;
      } else if (word[0] == '@') {
        node.id = Number(word.substr(1), s);
      } else if (IsNumber(word)) {
        node.self_size = Number(word, s);
      } else if (word == "attached") {
        node.detachedness = 1;
      } else if (word == "detached") {
        node.detachedness = 2;
      } else if (NodeTypeFromName(type) != NodeType::kOther) {
        node.type = type;
        typed_root_ |= n == 0;
      } else if (!named) {
        node.name = word;
        named = true;
      } else {
        Fail(s);
      }
    }
    named_root_ |= n == 0 && named;
  }

  // Quoted words keep their opening quote, so that "12" is a name.
  std::vector<std::string> Words(std::string_view text, std::string_view s) const {
    std::vector<std::string> words;
    for (size_t i = 0; i < text.size();) {
      if (std::isspace(static_cast<unsigned char>(text[i])) != 0) {
        ++i;
        continue;
      }
      size_t end;
      if (text[i] == '"') {
        end = text.find('"', i + 1);
        if (end == std::string_view::npos) Fail(s);
        words.emplace_back(text.substr(i, end - i));
        i = end + 1;
        continue;
      }
      for (end = i;
           end < text.size() && std::isspace(static_cast<unsigned char>(text[end])) == 0;) {
        ++end;
      }
      words.emplace_back(text.substr(i, end - i));
      i = end;
    }
    return words;
  }

  static uint64_t Number(std::string_view word, std::string_view s) {
    if (!IsNumber(word) || word.size() > 19) Fail(s);
    return std::stoull(std::string(word));
  }
  static uint32_t Number32(std::string_view word, std::string_view s) {
    return static_cast<uint32_t>(Number(word, s));
  }

  uint32_t NodeOf(std::string_view label) {
    if (label.empty() || label.find(' ') != std::string_view::npos) Fail(label);
    const auto [it, added] =
        number_.try_emplace(std::string(label), static_cast<uint32_t>(model_.nodes.size()));
    if (added) {
      ModelNode node;
      node.label = label;
      node.name = label;
      node.id = uint64_t{it->second} * 2 + 1;
      node.self_size = it->second == 0 ? 0 : kDefaultSize;
      model_.nodes.push_back(std::move(node));
    }
    return it->second;
  }

  SnapshotModel model_;
  std::unordered_map<std::string, uint32_t> number_;
  std::unordered_map<uint32_t, uint32_t> next_element_;
  bool typed_root_ = false, named_root_ = false;
};

}  // namespace

SnapshotModel ParseGraphDsl(std::string_view text) { return Parser().Parse(text); }

}  // namespace leaktrail::testing
