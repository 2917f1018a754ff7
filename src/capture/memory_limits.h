// What bounds a process's memory.
//
// Threads: from any.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace leaktrail {

// The least limit of the process's memory cgroup and those above it, version 1 or 2; nothing if
// there is none. Seen through our own mount of the cgroup tree.
std::optional<uint64_t> FindCgroupLimit(int pid);

// The value of --max-old-space-size (in MB there) as bytes: the last of the arguments before the
// script, else of NODE_OPTIONS.
std::optional<uint64_t> FindOldSpaceLimit(const std::vector<std::string>& arguments,
                                          std::string_view node_options);

// A path of a cgroup line that belongs to a memory controller: "/docker/4f1c…".
struct CgroupPath {
  bool version_2 = false;
  std::string path;
};
std::optional<CgroupPath> MemoryCgroupOf(std::string_view proc_cgroup);
// Where the memory controller of version 1, or the tree of version 2, is mounted here.
std::vector<std::string> CgroupMountPoints(bool version_2);

}  // namespace leaktrail
