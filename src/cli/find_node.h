// The node that a person means: by id, or as one of a class.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "engine/session.h"

namespace leaktrail {

// "@123" or "123".
Result<uint32_t> ParseNodeId(const std::string& text);
Result<NodeIndex> FindNodeById(const Session& session, uint32_t id);

// All nodes whose class has this name, whatever its constructor's location, in node order. The
// error names classes that are spelled alike.
Result<std::vector<NodeIndex>> FindInstances(Session* session, const std::string& class_name);

}  // namespace leaktrail
