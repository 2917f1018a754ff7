#include "experiment/process_tree.h"

#include <fmt/format.h>

#include <fstream>
#include <string>

#include "capture/proc_files.h"
#include "capture/process_names.h"

namespace leaktrail {

namespace {

// Node takes the variable out of the worker's process.env; what /proc shows is from before that.
bool IsClusterWorker(int pid) {
  const std::vector<std::string> environment =
      SplitAtNul(ReadProcFile(pid, "environ").value_or(""));
  return !VariableOf(environment, "NODE_UNIQUE_ID").empty();
}

}  // namespace

std::vector<int> FindDescendants(int pid) {
  std::vector<int> found;
  std::vector<int> open{pid};
  while (!open.empty()) {
    const int parent = open.back();
    open.pop_back();
    for (const int child : ChildrenOf(parent)) {
      found.push_back(child);
      open.push_back(child);
    }
  }
  return found;
}

std::vector<int> FindClusterWorkers(int pid) {
  std::vector<int> found;
  for (const int child : ChildrenOf(pid)) {
    if (IsClusterWorker(child)) found.push_back(child);
  }
  return found;
}

bool IsAlive(int pid) {
  std::ifstream in(fmt::format("/proc/{}/stat", pid));
  std::string text;
  std::getline(in, text);
  // The name in parentheses may hold anything; the state follows it.
  const size_t name_end = text.rfind(')');
  if (name_end == std::string::npos || name_end + 2 >= text.size()) return false;
  const char state = text[name_end + 2];
  return state != 'Z' && state != 'X';
}

}  // namespace leaktrail
