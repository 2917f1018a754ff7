// What several verbs ask about a request: headers, a body, a method.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace leaktrail {

// No line breaks or other control characters: it stays one line of a request.
bool IsHeaderText(std::string_view text);
// A name of a method: letters, digits, - and _.
bool IsMethod(std::string_view text);
// Each is 'Name: value'.
Result<void> CheckHeaders(const std::vector<std::string>& headers);
// All of a file.
Result<std::string> ReadBody(const std::string& file);

}  // namespace leaktrail
