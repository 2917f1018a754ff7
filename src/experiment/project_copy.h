// Copies a project's own files (scratch_project.h).
//
// Cost: reads and writes every byte, or shares them where the file system can. Threads: any.
#pragma once

#include <string>

#include "base/progress.h"
#include "base/result.h"

namespace leaktrail {

// All of `from` but installed packages, version control, heap snapshots and what is no file, folder
// or symbolic link. Links that lead out of the folder are made absolute. `to` is made.
Result<void> CopyProject(const std::string& from, const std::string& to, const CancelToken* cancel);

}  // namespace leaktrail
