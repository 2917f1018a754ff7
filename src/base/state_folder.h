// Where a user's programs keep what should outlive a run and is of no interest to anybody else.
//
// Cost: a few system calls. Threads: any.
#pragma once

#include <string>

namespace leaktrail {

// "leaktrail" below XDG_STATE_HOME or ~/.local/state; "" if neither is known.
std::string StateFolder();

// Makes the folders that the path of a file needs, with mode 0700. False: errno says why.
bool MakeFoldersOf(const std::string& file_path);

}  // namespace leaktrail
