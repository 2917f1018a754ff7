// The processes below one process.
//
// Cost: a few reads of /proc for each of them. Linux. Threads: any.
#pragma once

#include <vector>

namespace leaktrail {

// Children, their children and so on, parents first; without `pid` itself.
std::vector<int> FindDescendants(int pid);

// The workers of Node's cluster module among its children. The primary only accepts connections and
// hands them over, unless it is told otherwise.
std::vector<int> FindClusterWorkers(int pid);

// False for one that has ended and waits to be reaped.
bool IsAlive(int pid);

}  // namespace leaktrail
