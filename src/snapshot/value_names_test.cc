#include "snapshot/value_names.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

namespace leaktrail {
namespace {

TEST(LooksLikeValue, KnowsRandomBase64) {
  uint64_t state = 7;
  constexpr std::string_view kBase64 =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
  int missed = 0;
  for (int i = 0; i < 10'000; ++i) {
    std::string text;
    while (text.size() < 32) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      text += kBase64[(state >> 33) % kBase64.size()];
    }
    if (!LooksLikeValue(text)) ++missed;
  }
  EXPECT_LE(missed, 1) << "of 10,000";
}

TEST(LooksLikeValue, LeavesNamesOfProgramsAlone) {
  for (const char* name : {"accessToken",
                           "__proto__",
                           "constructor",
                           "kOutgoingSocketDidNotArriveYet",
                           "x86_64",
                           "sha256",
                           "content-type",
                           "@pm2/io",
                           "koa@2.13.4",
                           "getOwnPropertyDescriptors",
                           "Symbol(kCapture)",
                           "system / NativeContext",
                           "(code for emitInitScript)",
                           "_events",
                           "utf8Slice",
                           "$ref",
                           "i18n",
                           "XMLHttpRequest",
                           "ERR_HTTP2_INVALID_STREAM",
                           "internalBinding",
                           "toString",
                           "base64Write",
                           "hasOwnProperty",
                           "isTypedArray",
                           "UV_EADDRINUSE",
                           "node_modules",
                           "registerHttpMetric"}) {
    EXPECT_FALSE(LooksLikeValue(name)) << name;
  }
}

}  // namespace
}  // namespace leaktrail
