// Writes one JSON document piece by piece, so that a list of any length costs no tree in memory.
//
// Keys keep the order they are written in. A string that is not valid UTF-8 is made so (U+FFFD for
// each broken byte), so the document can always be parsed. Lists may ask for one item a line, which
// keeps big documents fit for diff and grep.
//
//   JsonWriter json(sink);
//   json.BeginObject();
//   json.Field("schema", "leaktrail.summary/1");
//   json.Key("classes");
//   json.BeginArray(JsonLayout::kLines);
//
// The writer does not check that keys and values alternate: its callers are a handful of functions
// that the golden tests cover.
// Threads: one.
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace leaktrail {

using TextSink = std::function<void(std::string_view)>;

enum class JsonLayout : uint8_t { kInline, kLines };

class JsonWriter {
 public:
  explicit JsonWriter(TextSink sink);
  ~JsonWriter();
  JsonWriter(const JsonWriter&) = delete;
  JsonWriter& operator=(const JsonWriter&) = delete;

  void BeginObject(JsonLayout layout = JsonLayout::kInline);
  void EndObject();
  void BeginArray(JsonLayout layout = JsonLayout::kInline);
  void EndArray();
  void Key(std::string_view key);

  void Value(std::string_view text);
  void Value(const char* text) { Value(std::string_view(text)); }
  void Value(const std::string& text) { Value(std::string_view(text)); }
  void Value(bool v);
  void Value(double v);  // null if it is not finite
  void Value(std::signed_integral auto v) { Signed(v); }
  void Value(std::unsigned_integral auto v) { Unsigned(v); }
  void Value(std::nullptr_t) { Null(); }
  template <typename T>
  void Value(const std::optional<T>& v) {
    if (v) {
      Value(*v);
    } else {
      Null();
    }
  }
  void Null();

  template <typename T>
  void Field(std::string_view key, const T& value) {
    Key(key);
    Value(value);
  }
  // The line's end after the document; passes everything to the sink.
  void Finish();
  // Passes what there is to the sink, for a reader who follows.
  void Flush();

 private:
  struct Level {
    char close;
    JsonLayout layout;
    bool empty;
  };
  void BeforeValue();
  void Begin(char open, char close, JsonLayout layout);
  void End();
  void Signed(int64_t v);
  void Unsigned(uint64_t v);
  void Quoted(std::string_view text);
  void FlushIfLarge();

  TextSink sink_;
  std::string buffer_;
  std::vector<Level> levels_;
  bool after_key_ = false;
};

}  // namespace leaktrail
