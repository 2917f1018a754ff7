// Words of a plan: commands split as a shell would, and the word that was probably meant.
//
// Threads: functions of their input.
#pragma once

#include <span>
#include <string_view>

namespace leaktrail {

// The known word that `word` is a slip of the pen of; "" if none is near.
std::string_view NearestWord(std::string_view word, std::span<const std::string_view> known);

}  // namespace leaktrail
