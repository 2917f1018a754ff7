// The processes below one process.
//
// Cost: a few reads of /proc for each of them. Linux. Threads: any.
#pragma once

#include <vector>

namespace leaktrail {

// Children, their children and so on, parents first; without `pid` itself.
std::vector<int> FindDescendants(int pid);

// False for one that has ended and waits to be reaped.
bool IsAlive(int pid);

}  // namespace leaktrail
