// Counts inside sentences, as reports write them: 27,995.
#pragma once

#include <cstdint>
#include <string>

namespace leaktrail {

inline std::string CountText(uint64_t count) {
  std::string text = std::to_string(count);
  for (size_t i = text.size(); i > 3; i -= 3) text.insert(i - 3, 1, ',');
  return text;
}

}  // namespace leaktrail
