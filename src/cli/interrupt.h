// Ctrl-C and its relatives.
//
// The first SIGINT or SIGTERM cancels the work; what looks at the token stops and the command ends
// with 130 in the ordinary way. Work that does not look gets a quarter of a second: the file verbs
// leave nothing behind, so ending on the spot is clean. A second signal ends at once.
#pragma once

#include <chrono>

#include "base/progress.h"

namespace leaktrail {

constexpr int kExitInterrupted = 130;

// `cancel` must live as long as the process.
void InstallInterruptHandler(CancelToken* cancel);

// How long after the first signal work that has something to clean up may take.
void SetInterruptGrace(std::chrono::milliseconds grace);

}  // namespace leaktrail
