#include "snapshot/note_filter.h"

#include <nlohmann/json.hpp>
#include <string_view>

#include "snapshot/header.h"

namespace leaktrail {
namespace {

bool IsSpace(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

// The place after the `{` of {"snapshot":{ , or npos while it has not come.
size_t FindBody(std::string_view text, bool* wrong) {
  size_t at = 0;
  for (const std::string_view token : {"{", "\"snapshot\"", ":", "{"}) {
    while (at < text.size() && IsSpace(text[at])) ++at;
    const std::string_view there = text.substr(at, token.size());
    if (there != token.substr(0, there.size())) *wrong = true;
    if (there.size() < token.size()) return std::string_view::npos;
    at += token.size();
  }
  return at;
}

// The place after the `}` that ends the object whose body begins at `at`, or npos.
size_t FindEnd(std::string_view text, size_t at) {
  int depth = 1;
  bool in_string = false;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (in_string) {
      if (c == '\\') ++at;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if ((c == '}' || c == ']') && --depth == 0) {
      return at + 1;
    }
  }
  return std::string_view::npos;
}

std::string NoteText(const CaptureNote& note) {
  nlohmann::ordered_json j;
  if (!note.method.empty()) {  // else we do not know how it was taken
    j["method"] = note.method;
    j["process"] = note.process;
    j["time"] = note.time;
    j["node_ids_comparable"] = note.node_ids_comparable;
  }
  j["redacted"] = note.redacted;
  return j.dump(-1, ' ', true, nlohmann::ordered_json::error_handler_t::replace);
}

uint64_t Count(const nlohmann::json& object, const char* key) {
  const auto it = object.find(key);
  return it != object.end() && it->is_number_unsigned() ? it->get<uint64_t>() : 0;
}

}  // namespace

NoteFilter::NoteFilter(CaptureNote note, ByteSink next)
    : note_(std::move(note)), next_(std::move(next)) {}

// The file has a note of its own, which stays true but for this.
void NoteFilter::MarkAsRedacted(size_t body, size_t end) {
  auto object = nlohmann::ordered_json::parse(head_.begin() + static_cast<std::ptrdiff_t>(body) - 1,
                                              head_.begin() + static_cast<std::ptrdiff_t>(end),
                                              nullptr, false);
  auto& note = object["leaktrail"];
  if (!note.is_object()) note = nlohmann::ordered_json::object();
  note["redacted"] = true;
  head_.replace(body - 1, end - body + 1,
                object.dump(-1, ' ', true, nlohmann::ordered_json::error_handler_t::replace));
}

Result<void> NoteFilter::TakeHead(std::span<const char> bytes) {
  head_.append(bytes.data(), bytes.size());
  bool wrong = false;
  const size_t body = FindBody(head_, &wrong);
  if (wrong)
    return FailAt(0, "this is not a heap snapshot: it does not begin with {\"snapshot\":{");
  const size_t end = body == std::string::npos ? body : FindEnd(head_, body);
  if (end == std::string::npos) {
    if (head_.size() > kMaxHeaderBytes) return FailAt(0, "the snapshot's header has no end");
    return {};
  }
  const auto object =
      nlohmann::json::parse(head_.begin() + static_cast<std::ptrdiff_t>(body) - 1,
                            head_.begin() + static_cast<std::ptrdiff_t>(end), nullptr, false);
  if (!object.is_object()) return FailAt(0, "the snapshot's header is not valid JSON");
  node_count_ = Count(object, "node_count");
  edge_count_ = Count(object, "edge_count");
  head_passed_ = true;
  if (object.contains("leaktrail")) {
    if (note_.redacted) MarkAsRedacted(body, end);
  } else if (!note_.method.empty() || note_.redacted) {
    head_.insert(body, "\"leaktrail\":" + NoteText(note_) + (object.empty() ? "" : ","));
  }
  const std::string out = std::move(head_);
  head_.clear();
  return next_(out);
}

Result<void> NoteFilter::Write(std::span<const char> bytes) {
  text_bytes_ += bytes.size();
  for (size_t i = bytes.size(); i > 0; --i) {
    if (IsSpace(bytes[i - 1])) continue;
    last_ = bytes[i - 1];
    break;
  }
  return head_passed_ ? next_(bytes) : TakeHead(bytes);
}

Result<void> NoteFilter::Finish() {
  if (!head_passed_ || last_ != '}') return FailAt(text_bytes_, "the snapshot is cut off");
  return {};
}

}  // namespace leaktrail
