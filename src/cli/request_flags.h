// What several verbs ask about a request: headers, a body, a method.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/command_line.h"
#include "experiment/load.h"

namespace leaktrail {

struct RequestArguments {
  std::vector<std::string> headers;
  std::string method, body_file, content_type;
};

// -m, -H, -p and -T; `type_help` is of the last, whose default is the verb's.
void AddRequestFlags(Verb* verb, RequestArguments* arguments, const std::string& type_help);

// Puts into `request` what was given; a body without a type gets `usual_type`. Errors: a header or
// method that is none, a file that cannot be read.
Result<void> ApplyTo(const RequestArguments& arguments, const std::string& usual_type,
                     LoadRequest* request);

// No line breaks or other control characters: it stays one line of a request.
bool IsHeaderText(std::string_view text);

}  // namespace leaktrail
