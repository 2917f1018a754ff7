// The node that a person means: by id, or as one of a class.
#pragma once

#include <string>

#include "base/result.h"
#include "engine/session.h"

namespace leaktrail {

// "@123" or "123".
Result<uint32_t> ParseNodeId(const std::string& text);
Result<NodeIndex> FindNodeById(const Session& session, uint32_t id);

struct ClassInstances {
  NodeIndex largest;  // by retained size, then the lowest id
  uint64_t count = 0;
};
// All nodes whose class has this name, whatever its constructor's location. The error names
// classes that are spelled alike.
Result<ClassInstances> FindInstances(Session* session, const std::string& class_name);

}  // namespace leaktrail
