#include "snapshot/redactor.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>

#include "base/ascii.h"
#include "heap/string_table.h"
#include "snapshot/value_names.h"

namespace leaktrail {
namespace {

// How a string is used.
constexpr uint8_t kContent = 1;  // text of a string node
constexpr uint8_t kName = 2;     // of a property, variable, class, function
constexpr uint8_t kEngine = 4;   // of an internal thing
constexpr uint8_t kCode = 8;     // of code: scripts among others
constexpr uint8_t kKey = 16;     // of a property of an object that has very many: a table's key

constexpr size_t kFlushBytes = size_t{1} << 18;
constexpr uint64_t kMaxTrackedId = uint64_t{1} << 32;
constexpr uint64_t kSpareStrings = 1'000'000;  // allocation stacks name some that no node has

// An object with more properties is a table, and their names are its data.
constexpr uint64_t kManyProperties = 256;

bool IsScriptPath(std::string_view text) {
  if (text.starts_with("node:")) return true;
  if (!text.starts_with("/") && !text.starts_with("file://") &&
      !(text.size() > 2 && text[1] == ':' && IsLetter(text[0]))) {
    // Node's own scripts before version 16 have no folder in front: "internal/timers.js", "net.js".
    return text.ends_with(".js") && text.find_first_of(" ?@&=") == std::string_view::npos;
  }
  for (const std::string_view end :
       {".js", ".mjs", ".cjs", ".ts", ".mts", ".cts", ".tsx", ".jsx", ".json", ".node", ".wasm"}) {
    if (text.ends_with(end)) return true;
  }
  return false;
}

// 1.2.3, 1.2.3-beta.4
bool IsVersion(std::string_view text) {
  int numbers = 0;
  size_t i = 0;
  for (; numbers < 3; ++numbers) {
    const size_t begin = i;
    while (i < text.size() && IsDigit(text[i])) ++i;
    if (i == begin || i - begin > 4) return false;
    if (numbers < 2 && (i >= text.size() || text[i++] != '.')) return false;
  }
  if (i == text.size()) return true;
  if (text[i++] != '-' || text.size() - i > 16) return false;
  return std::all_of(text.begin() + static_cast<std::ptrdiff_t>(i), text.end(),
                     [](char c) { return IsLower(c) || IsDigit(c) || c == '.'; }) &&
         !LooksLikeValue(text.substr(i));
}

bool AllDigits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), IsDigit);
}

uint64_t Word(std::string_view bytes, size_t at) {
  uint64_t v = 0;
  for (size_t i = 0; i < 8 && at + i < bytes.size(); ++i) {
    v |= uint64_t{static_cast<unsigned char>(bytes[at + i])} << (8 * i);
  }
  return v;
}

uint64_t Mixed(uint64_t x) {  // splitmix64
  x += 0x9E3779B97F4A7C15u;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31);
}

bool IsContentType(NodeType t) {
  return t == NodeType::kString || t == NodeType::kConsString || t == NodeType::kSlicedString ||
         t == NodeType::kRegExp || t == NodeType::kNumber || t == NodeType::kBigInt;
}

// What V8 calls texts and numbers that it does not show.
bool IsEnginesWordForContent(std::string_view text) {
  constexpr std::string_view kWords[] = {"(concatenated string)",
                                         "(sliced string)",
                                         "heap number",
                                         "smi number",
                                         "bigint",
                                         "int",
                                         "double"};
  return std::find(std::begin(kWords), std::end(kWords), text) != std::end(kWords);
}

}  // namespace

uint64_t SipHash(const RedactionKey& key, std::string_view bytes) {
  std::array<uint64_t, 4> v{key.first ^ 0x736F6D6570736575u, key.second ^ 0x646F72616E646F6Du,
                            key.first ^ 0x6C7967656E657261u, key.second ^ 0x7465646279746573u};
  const auto round = [&v] {
    v[0] += v[1];
    v[1] = std::rotl(v[1], 13) ^ v[0];
    v[0] = std::rotl(v[0], 32);
    v[2] += v[3];
    v[3] = std::rotl(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = std::rotl(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = std::rotl(v[1], 17) ^ v[2];
    v[2] = std::rotl(v[2], 32);
  };
  const auto take = [&](uint64_t m) {
    v[3] ^= m;
    round();
    round();
    v[0] ^= m;
  };
  size_t at = 0;
  for (; at + 8 <= bytes.size(); at += 8) take(Word(bytes, at));
  take(Word(bytes, at) | uint64_t{bytes.size() & 0xFF} << 56);
  v[2] ^= 0xFF;
  for (int i = 0; i < 4; ++i) round();
  return v[0] ^ v[1] ^ v[2] ^ v[3];
}

Redactor::Redactor(RedactionKey key, ByteSink next) : key_(key), next_(std::move(next)) {}

Result<void> Redactor::Flush() {
  Result<void> done = next_(out_);
  out_.clear();
  return done;
}

Result<void> Redactor::Write(std::span<const char> bytes) {
  for (const char c : bytes) {
    if (Result<void> done = Take(c); !done) return done;
    ++offset_;
  }
  return out_.size() >= kFlushBytes ? Flush() : Result<void>{};
}

Result<void> Redactor::Finish() {
  if (depth_ != 0 || in_string_ || !head_done_ || !strings_begun_) {
    return FailAt(offset_, "the snapshot is cut off");
  }
  return Flush();
}

Result<void> Redactor::Take(char c) {
  if (in_string_) {
    const bool ends = c == '"' && !escaped_;
    escaped_ = c == '\\' && !escaped_;
    in_string_ = !ends;
    if (section_ == Section::kStrings) {
      if (ends) return TakeString();
      token_ += c;
      return {};
    }
    out_ += c;
    if (section_ == Section::kHead) token_ += c;
    if (section_ == Section::kHead && token_.size() > kMaxHeaderBytes) {
      return FailAt(offset_, "the snapshot's header has no end");
    }
    if (section_ == Section::kOther && depth_ == 1 && !ends && token_.size() < 64) token_ += c;
    return {};
  }
  if (section_ == Section::kNodes || section_ == Section::kEdges ||
      section_ == Section::kFunctions) {
    if (IsDigit(c)) {
      number_ = number_ * 10 + static_cast<uint64_t>(c - '0');
      has_number_ = true;
    } else if (has_number_) {
      TakeNumber();
    }
  }
  switch (c) {
    case '"':
      in_string_ = true;
      if (section_ == Section::kStrings) {
        if (depth_ != 2) return FailAt(offset_, "the strings are not a list of texts");
        token_.clear();
        return {};  // written when it is known what it becomes
      }
      if (section_ == Section::kOther && depth_ == 1) token_.clear();
      break;
    case '{':
    case '[':
      if (Result<void> begun = BeginValue(c); !begun) return begun;
      ++depth_;
      break;
    case '}':
    case ']':
      --depth_;
      if (depth_ < 0) return FailAt(offset_, "the snapshot has one bracket too many");
      break;
    default:
      break;
  }
  out_ += c;
  if (section_ == Section::kHead) token_ += c;
  if (depth_ == 1 && (c == '}' || c == ']')) {
    if (section_ == Section::kHead) {
      Result<SnapshotHeader> header = ParseHeader(token_, offset_ + 1 - token_.size());
      if (!header) return tl::unexpected(header.error());
      header_ = std::move(*header);
      max_strings_ = header_.node_count + header_.edge_count + kSpareStrings;
      head_done_ = true;
    }
    section_ = Section::kOther;
    token_.clear();
  }
  return {};
}

// A list or object at the top level: `token_` is its key.
Result<void> Redactor::BeginValue(char /*c*/) {
  if (depth_ != 1 || section_ != Section::kOther) return {};
  number_ = 0;
  has_number_ = false;
  field_ = 0;
  if (token_ == "snapshot") {
    section_ = Section::kHead;
  } else if (token_ == "nodes" || token_ == "edges" || token_ == "strings") {
    if (!head_done_) return FailAt(offset_, "the snapshot's header does not come first");
    if (token_ != "strings" && strings_begun_) {
      return FailAt(offset_,
                    "the strings come before what uses them; this file cannot be redacted "
                    "as it streams by");
    }
    section_ = token_ == "nodes"   ? Section::kNodes
               : token_ == "edges" ? Section::kEdges
                                   : Section::kStrings;
    strings_begun_ = section_ == Section::kStrings;
  } else if (token_ == "trace_function_infos") {
    section_ = Section::kFunctions;
  }
  token_.clear();
  return {};
}

void Redactor::Use(uint64_t string, uint8_t how) {
  if (string >= max_strings_) return;  // then it is replaced
  if (string >= uses_.size()) {
    uses_.resize(std::max<size_t>(string + 1, uses_.size() + uses_.size() / 2));
  }
  uses_[string] |= how;
}

void Redactor::TakeNumber() {
  const uint64_t value = number_;
  number_ = 0;
  has_number_ = false;
  if (section_ == Section::kNodes) {
    if (field_ == header_.type_at) type_ = value;
    if (field_ == header_.name_at) name_ = value;
    if (field_ == header_.id_at) id_ = value;
    if (field_ == header_.edge_count_at) edge_count_ = value;
    if (++field_ == header_.node_fields) TakeNode();
  } else if (section_ == Section::kEdges) {
    if (field_ == header_.edge_type_at) type_ = value;
    if (field_ == header_.edge_name_at) name_ = value;
    if (++field_ == header_.edge_fields) TakeEdge();
  } else {
    // function_id, name, script_name, script_id, line, column
    constexpr uint32_t kFields = 6, kFunctionAt = 1, kScriptAt = 2;
    if (field_ == kFunctionAt) Use(value, kName);
    if (field_ == kScriptAt) Use(value, kCode);
    field_ = (field_ + 1) % kFields;
  }
}

void Redactor::TakeNode() {
  field_ = 0;
  const NodeType type =
      type_ < header_.node_types.size() ? header_.node_types[type_] : NodeType::kOther;
  if (IsContentType(type)) {
    Use(name_, kContent);
    if (id_ < kMaxTrackedId) {
      if (id_ / 64 >= content_ids_.size()) {
        content_ids_.resize(std::max<size_t>(id_ / 64 + 1, content_ids_.size() * 2));
      }
      content_ids_[id_ / 64] |= uint64_t{1} << (id_ % 64);
    }
  } else if (type == NodeType::kCode) {
    Use(name_, kCode);
  } else if (type == NodeType::kHidden || type == NodeType::kArray ||
             type == NodeType::kSynthetic || type == NodeType::kNative ||
             type == NodeType::kObjectShape) {
    Use(name_, kEngine);
  } else {
    Use(name_, kName);
  }
  if (type == NodeType::kObject && edge_count_ > kManyProperties) {
    tables_.push_back({edges_begin_, edges_begin_ + edge_count_});
  }
  edges_begin_ += edge_count_;
}

bool Redactor::IsInTable(uint64_t edge) {
  while (table_ < tables_.size() && edge >= tables_[table_].end) ++table_;
  return table_ < tables_.size() && edge >= tables_[table_].begin;
}

void Redactor::TakeEdge() {
  field_ = 0;
  const bool in_table = IsInTable(edge_index_++);
  const EdgeType type =
      type_ < header_.edge_types.size() ? header_.edge_types[type_] : EdgeType::kOther;
  if (NamedByIndex(type)) return;
  const bool own = type == EdgeType::kInternal || type == EdgeType::kWeak;
  Use(name_, own ? kEngine : in_table ? kKey : kName);
}

bool Redactor::HasContent(uint64_t id) const {
  if (id >= kMaxTrackedId) return true;
  return id / 64 < content_ids_.size() && (content_ids_[id / 64] >> (id % 64) & 1) != 0;
}

std::string Redactor::Letters(std::string_view text, size_t units) {
  ++replaced_count_;
  uint64_t state = SipHash(key_, text);
  std::string out;
  while (out.size() < units) {
    state = Mixed(state);
    uint64_t left = state;
    for (int i = 0; i < 12 && out.size() < units; ++i) {
      out += static_cast<char>('a' + left % 26);
      left /= 26;
    }
  }
  return out;
}

std::string Redactor::Placeholder(std::string_view text) {
  const size_t units = Utf16Length(text);
  if (units > 3) return Letters(text, units);
  // There are few short texts of letters: different ones would become equal.
  ++replaced_count_;
  uint64_t state = SipHash(key_, text);
  std::string out;
  for (size_t i = 0; i < units; ++i) {
    state = Mixed(state);
    out += fmt::format("\\u{:04x}", 0x4E00 + state % 20'000);
  }
  return out;
}

// "3 / part of key (K @1) -> value (V @2) pair in WeakMap (table @4)": K and V are names of nodes.
std::string Redactor::RedactedEntry(std::string_view text) {
  std::string out;
  size_t copied = 0;
  for (const std::string_view before : {"part of key (", "-> value ("}) {
    const size_t begin = text.find(before, copied);
    if (begin == std::string_view::npos) continue;
    const size_t name_at = begin + before.size();
    // Names may have brackets in them; ids are digits before the bracket that closes.
    const std::string_view after = before[0] == 'p' ? ") -> value (" : ") pair in ";
    const size_t end = text.find(after, name_at);
    if (end == std::string_view::npos) continue;
    const size_t at = text.rfind(" @", end);
    if (at == std::string_view::npos || at < name_at) continue;
    uint64_t id = 0;
    for (size_t i = at + 2; i < end && IsDigit(text[i]); ++i) {
      id = id * 10 + static_cast<uint64_t>(text[i] - '0');
    }
    const std::string_view name = text.substr(name_at, at - name_at);
    out += text.substr(copied, name_at - copied);
    const bool replace = (HasContent(id) || LooksLikeValue(name)) && !IsEnginesWordForContent(name);
    out += replace ? Letters(name, Utf16Length(name)) : std::string(name);
    copied = at;
  }
  out += text.substr(copied);
  return out;
}

// What a string becomes, escaped; "" if it stays as it is in the file.
std::string Redactor::Redacted(std::string_view text, uint8_t use) {
  if (text.empty() || (string_index_ == 0 && text == "<dummy>")) return "";
  if (use == 0) return Placeholder(text);
  if ((use & kEngine) != 0 && AllDigits(text)) return "";  // an entry of a table
  if ((use & kCode) != 0 && IsScriptPath(text))
    return HasMailAddress(text) ? Placeholder(text) : "";
  if (IsEnginesWordForContent(text)) return "";
  if (text.find("part of key (") != std::string_view::npos && (use & kEngine) != 0) {
    return RedactedEntry(token_);
  }
  if (use == kContent) return IsVersion(text) ? "" : Placeholder(text);
  if ((use & ~(kKey | kContent)) == 0 && !IsScriptPath(text)) return Placeholder(text);
  return LooksLikeValue(text) ? Placeholder(text) : "";
}

Result<void> Redactor::TakeString() {
  const uint8_t use = string_index_ < uses_.size() ? uses_[string_index_] : uint8_t{0};
  const std::string text = DecodeJsonString(token_);
  const std::string redacted = Redacted(text, use);
  out_ += '"';
  if (redacted.empty()) {
    out_ += token_;
  } else {
    out_ += redacted;
  }
  out_ += '"';
  ++string_index_;
  token_.clear();
  return out_.size() >= kFlushBytes ? Flush() : Result<void>{};
}

}  // namespace leaktrail
