#include "analysis/node_text.h"

#include <fmt/format.h>
#include <algorithm>
#include <utility>
#include <vector>

namespace leaktrail {
namespace {

constexpr size_t kMaxConsUnits = 1024;   // consStringName
constexpr size_t kMaxObjectUnits = 100;  // #plainObjectName
// 1024 parts with text, each perhaps inside a flattened string with an empty second part. A damaged
// file may have any number of parts without text, even in a circle; DevTools does not end there.
constexpr size_t kMaxJoinSteps = 8192;

// As JSON.stringify writes a string.
std::string QuoteAsJson(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\b':
        out += "\\b";
        break;
      case '\f':
        out += "\\f";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          out += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
        } else {
          out += c;
        }
    }
  }
  return out + '"';
}

// "{a, b, …, y, z}": names are taken from the front and the back in turn while they fit. An object
// with a million properties costs no more than one with twenty, unless its edges are of other
// types.
std::string PlainObjectText(const HeapGraph& graph, NodeIndex object) {
  const auto& strings = graph.strings();
  const auto edges = graph.edges_of(object);
  uint32_t front = 0, back = edges.size();  // what is left: [front, back)
  const uint32_t first = edges.empty() ? 0 : (*edges.begin()).value();
  std::string head = "{", tail = "}";
  size_t head_units = 1, tail_units = 1;
  bool from_back = false;
  while (front < back) {
    const EdgeIndex e(first + (from_back ? back - 1 : front));
    const bool named = graph.edge_type(e) == EdgeType::kProperty &&
                       !strings.Is(graph.edge_name(e), WellKnown::kProto);
    if (!named) {
      if (from_back) {
        --back;
      } else {
        ++front;
      }
      continue;
    }
    const std::string name = FormatPropertyName(strings.Get(graph.edge_name(e)));
    const size_t units = Utf16Length(name);
    if (head_units > 1 && head_units + tail_units + units > kMaxObjectUnits) break;
    if (from_back) {
      --back;
      if (tail_units > 1) {
        tail.insert(0, ", ");
        tail_units += 2;
      }
      tail.insert(0, name);
      tail_units += units;
    } else {
      ++front;
      if (head_units > 1) {
        head += ", ";
        head_units += 2;
      }
      head += name;
      head_units += units;
    }
    from_back = !from_back;
  }
  if (front < back) head += ", …";
  if (tail_units > 1) head += ", ";
  return head + tail;
}

}  // namespace

std::string FormatPropertyName(const std::string& name) {
  return name.find_first_of(",'\"{}") == std::string::npos ? name : QuoteAsJson(name);
}

std::weak_ordering CompareAsJavaScript(std::string_view a, std::string_view b) {
  const auto [x, y] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  if (x == a.end() || y == b.end()) return a.size() <=> b.size();
  auto p = static_cast<unsigned char>(*x), q = static_cast<unsigned char>(*y);
  // Lead bytes 0xF0 and up become surrogates (D800 to DFFF), 0xEE and 0xEF stand for E000 to FFFF.
  const auto rank = [](unsigned char c) { return c >= 0xF0 ? 0xEE : c >= 0xEE ? c + 2 : int{c}; };
  return rank(p) != rank(q) ? rank(p) <=> rank(q) : p <=> q;
}

ConsStringTexts::Parts ConsStringTexts::PartsOf(NodeIndex cons) const {
  Parts parts{graph_.root(), graph_.root()};
  for (EdgeIndex e : graph_.edges_of(cons)) {
    if (graph_.edge_type(e) != EdgeType::kInternal) continue;
    const StringIndex name = graph_.edge_name(e);
    if (graph_.strings().Is(name, WellKnown::kFirst)) {
      parts.first = graph_.target(e);
    } else if (graph_.strings().Is(name, WellKnown::kSecond)) {
      parts.second = graph_.target(e);
    }
    if (parts.first != graph_.root() && parts.second != graph_.root()) break;
  }
  return parts;
}

std::string ConsStringTexts::Join(NodeIndex cons) const {
  std::string text;
  size_t units = 0;
  std::vector<NodeIndex> open = {cons};
  for (size_t step = 0; !open.empty() && units < kMaxConsUnits && step < kMaxJoinSteps; ++step) {
    const NodeIndex n = open.back();
    open.pop_back();
    if (graph_.type(n) != NodeType::kConsString) {
      const std::string part = graph_.NodeName(n);
      text += part;
      units += Utf16Length(part);
      continue;
    }
    const Parts parts = PartsOf(n);
    open.push_back(parts.second);
    open.push_back(parts.first);
  }
  return text;
}

NodeIndex ConsStringTexts::FindRepresentative(NodeIndex cons) {
  // Down the chain of first parts to the first one that is known, then up again: a part whose first
  // part fills the text has the same text.
  std::vector<NodeIndex> chain;
  NodeIndex n = cons;
  while (graph_.type(n) == NodeType::kConsString &&
         representative_.emplace(n.value(), n.value()).second) {
    chain.push_back(n);
    n = PartsOf(n).first;
  }
  // In a circle (a damaged file) n is in the chain, or it is known and short: Join stops by itself.
  const auto known = representative_.find(n.value());
  uint32_t full = 0;
  bool is_full = false;
  if (known != representative_.end() && known->second != n.value()) {
    full = known->second;
    is_full = true;
  } else if (known != representative_.end() && chain.size() > 0 && chain.front() != n) {
    is_full = Utf16Length(Join(n)) >= kMaxConsUnits;
    full = n.value();
  }
  for (size_t i = chain.size(); i-- > 0;) {
    const uint32_t node = chain[i].value();
    if (is_full) {
      representative_[node] = full;
    } else if (Utf16Length(Join(chain[i])) >= kMaxConsUnits) {
      is_full = true;
      full = node;
    }
  }
  return NodeIndex(representative_[cons.value()]);
}

std::string ConsStringTexts::Get(NodeIndex cons) { return Join(FindRepresentative(cons)); }

// Looks at as few parts as Join would take, up to the first with text.
bool ConsStringTexts::IsEmpty(NodeIndex cons) {
  if (FindRepresentative(cons) != cons) return false;
  std::vector<NodeIndex> open = {cons};
  for (size_t step = 0; !open.empty() && step < kMaxJoinSteps; ++step) {
    const NodeIndex n = open.back();
    open.pop_back();
    if (graph_.type(n) != NodeType::kConsString) {
      if (!graph_.NameIs(n, WellKnown::kEmpty)) return false;
      continue;
    }
    const Parts parts = PartsOf(n);
    open.push_back(parts.second);
    open.push_back(parts.first);
  }
  return true;
}

bool ConsStringTexts::IsFlat(NodeIndex cons) {
  for (EdgeIndex e : graph_.edges_of(cons)) {
    if (graph_.edge_type(e) != EdgeType::kInternal) continue;
    const StringIndex name = graph_.edge_name(e);
    if (!graph_.strings().Is(name, WellKnown::kFirst) &&
        !graph_.strings().Is(name, WellKnown::kSecond)) {
      continue;
    }
    const NodeIndex part = graph_.target(e);
    const bool joined = graph_.type(part) == NodeType::kConsString;
    if (joined ? IsEmpty(part) : graph_.NameIs(part, WellKnown::kEmpty)) return true;
  }
  return false;
}

std::string NodeText(const HeapGraph& graph, const DetachedNodes& detached, NodeIndex node) {
  switch (graph.type(node)) {
    case NodeType::kConsString:
      return ConsStringTexts(graph).Get(node);
    case NodeType::kObject:
      if (graph.NameIs(node, WellKnown::kObject)) return PlainObjectText(graph, node);
      break;
    default:
      break;
  }
  return NodeNameWithState(graph, detached, node);
}

}  // namespace leaktrail
