#include "report/json_writer.h"

#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace leaktrail {
namespace {

template <typename F>
std::string Written(const F& write) {
  std::string out;
  {
    JsonWriter json([&](std::string_view piece) { out += piece; });
    write(json);
  }
  return out;
}

TEST(JsonWriter, WritesInTheOrderOfTheCalls) {
  const std::string text = Written([](JsonWriter& json) {
    json.BeginObject();
    json.Field("z", 1);
    json.Field("a", std::optional<int>());
    json.Key("list");
    json.BeginArray();
    json.Value(true);
    json.Value(1.5);
    json.Value(std::numeric_limits<double>::quiet_NaN());
    json.EndArray();
    json.Key("empty");
    json.BeginArray(JsonLayout::kLines);
    json.EndArray();
    json.EndObject();
    json.Finish();
  });
  EXPECT_EQ(text, "{\"z\":1,\"a\":null,\"list\":[true,1.5,null],\"empty\":[]}\n");
}

TEST(JsonWriter, ListsCanHaveOneItemALine) {
  const std::string text = Written([](JsonWriter& json) {
    json.BeginArray(JsonLayout::kLines);
    json.Value(1);
    json.Value(2);
    json.EndArray();
  });
  EXPECT_EQ(text, "[\n1,\n2\n]");
}

TEST(JsonWriter, KeepsNumbersOf64Bits) {
  const std::string text = Written([](JsonWriter& json) {
    json.BeginArray();
    json.Value(std::numeric_limits<uint64_t>::max());
    json.Value(std::numeric_limits<int64_t>::min());
    json.EndArray();
  });
  EXPECT_EQ(text, "[18446744073709551615,-9223372036854775808]");
}

TEST(JsonWriter, EveryByteStringGivesTextThatCanBeParsedBack) {
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  const std::string valid = "quote\" back\\slash \n\t\r \x01 \x7f \u009b 漢字 😀 \u2028";
  for (const std::string& text : {all, valid, std::string("\xed\xa0\x80"), std::string()}) {
    const std::string json = Written([&](JsonWriter& j) { j.Value(text); });
    const auto parsed = nlohmann::json::parse(json, nullptr, /*allow_exceptions=*/false);
    ASSERT_TRUE(parsed.is_string()) << json;
    if (text == valid) {
      EXPECT_EQ(parsed.get<std::string>(), text);
    }
  }
  EXPECT_EQ(Written([](JsonWriter& j) {
              j.Value(
                  "a\xff"
                  "b");
            }),
            "\"a\xEF\xBF\xBD"
            "b\"");
}

TEST(JsonWriter, PassesLongDocumentsOnInPieces) {
  size_t pieces = 0, bytes = 0;
  JsonWriter json([&](std::string_view piece) {
    ++pieces;
    bytes += piece.size();
  });
  json.BeginArray();
  for (int i = 0; i < 100'000; ++i) json.Value("0123456789");
  json.EndArray();
  json.Finish();
  EXPECT_GT(pieces, 10u);
  EXPECT_EQ(bytes, 100'000u * 13 + 2);
}

}  // namespace
}  // namespace leaktrail
