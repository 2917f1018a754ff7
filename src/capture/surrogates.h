// JSON with halves of UTF-16 pairs, made valid.
//
// JavaScript strings may hold lone surrogates, and the inspector passes them on as \ud83d without
// its partner, which no strict JSON parser takes.
#pragma once

#include <string>
#include <string_view>

namespace leaktrail {

// Every \uXXXX that is half of a pair without the other half becomes \ufffd; the rest is kept.
std::string ReplaceLoneSurrogates(std::string_view json);

}  // namespace leaktrail
