#include "report/json_writer.h"

#include <fmt/format.h>

#include <cmath>
#include <iterator>
#include <utility>

#include "report/words.h"

namespace leaktrail {
namespace {

constexpr size_t kFlushBytes = size_t{1} << 16;

}  // namespace

JsonWriter::JsonWriter(TextSink sink) : sink_(std::move(sink)) { buffer_.reserve(kFlushBytes * 2); }

JsonWriter::~JsonWriter() {
  if (!buffer_.empty()) sink_(buffer_);
}

void JsonWriter::Finish() {
  buffer_ += '\n';
  sink_(buffer_);
  buffer_.clear();
}

void JsonWriter::FlushIfLarge() {
  if (buffer_.size() >= kFlushBytes) Flush();
}

void JsonWriter::Flush() {
  sink_(buffer_);
  buffer_.clear();
}

void JsonWriter::BeforeValue() {
  if (after_key_) {
    after_key_ = false;
    return;
  }
  if (levels_.empty()) return;
  Level& level = levels_.back();
  if (!level.empty) buffer_ += ',';
  if (level.layout == JsonLayout::kLines) buffer_ += '\n';
  level.empty = false;
  FlushIfLarge();
}

void JsonWriter::Begin(char open, char close, JsonLayout layout) {
  BeforeValue();
  buffer_ += open;
  levels_.push_back({close, layout, true});
}

void JsonWriter::End() {
  const Level level = levels_.back();
  levels_.pop_back();
  if (level.layout == JsonLayout::kLines && !level.empty) buffer_ += '\n';
  buffer_ += level.close;
}

void JsonWriter::BeginObject(JsonLayout layout) { Begin('{', '}', layout); }
void JsonWriter::EndObject() { End(); }
void JsonWriter::BeginArray(JsonLayout layout) { Begin('[', ']', layout); }
void JsonWriter::EndArray() { End(); }

void JsonWriter::Key(std::string_view key) {
  BeforeValue();
  Quoted(key);
  buffer_ += ':';
  after_key_ = true;
}

void JsonWriter::Value(std::string_view text) {
  BeforeValue();
  Quoted(text);
}
void JsonWriter::Value(bool v) {
  BeforeValue();
  buffer_ += v ? "true" : "false";
}
void JsonWriter::Value(double v) {
  BeforeValue();
  if (std::isfinite(v)) {
    fmt::format_to(std::back_inserter(buffer_), "{}", v);
  } else {
    buffer_ += "null";
  }
}
void JsonWriter::Signed(int64_t v) {
  BeforeValue();
  fmt::format_to(std::back_inserter(buffer_), FMT_STRING("{}"), v);
}
void JsonWriter::Unsigned(uint64_t v) {
  BeforeValue();
  fmt::format_to(std::back_inserter(buffer_), FMT_STRING("{}"), v);
}
void JsonWriter::Null() {
  BeforeValue();
  buffer_ += "null";
}

void JsonWriter::Quoted(std::string_view text) {
  buffer_ += '"';
  size_t plain = 0;  // start of the run that needs no escape
  for (size_t at = 0; at < text.size();) {
    const auto c = static_cast<uint8_t>(text[at]);
    if (c >= 0x20 && c < 0x7F && c != '"' && c != '\\') {
      ++at;
      continue;
    }
    const DecodedPoint p = DecodeUtf8(text, at);
    if (p.valid && p.point >= 0xA0) {
      at += p.size;
      continue;
    }
    buffer_.append(text, plain, at - plain);
    if (!p.valid) {
      buffer_ += "\xEF\xBF\xBD";
    } else if (c == '"' || c == '\\') {
      buffer_ += '\\';
      buffer_ += static_cast<char>(c);
    } else if (c == '\n') {
      buffer_ += "\\n";
    } else if (c == '\t') {
      buffer_ += "\\t";
    } else if (c == '\r') {
      buffer_ += "\\r";
    } else {
      fmt::format_to(std::back_inserter(buffer_), FMT_STRING("\\u{:04x}"), p.point);
    }
    at += p.size;
    plain = at;
  }
  buffer_.append(text, plain);
  buffer_ += '"';
}

}  // namespace leaktrail
