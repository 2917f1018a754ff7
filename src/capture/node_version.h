// Which Node a binary is, without running it.
#pragma once

#include <string>

namespace leaktrail {

// "20.20.2" from the text that every build of Node 10 to 26 carries for process.release
// ("node.js/v20.20.2" and the headers' address); "" if the file is not Node or cannot be read.
//
// Cost: one pass over the file, 30 to 60 ms for its 100 MB when they are cached; kept for the file
// (device, inode, time of change) as long as the program runs. Threads: from any.
std::string FindNodeVersion(const std::string& executable);

}  // namespace leaktrail
