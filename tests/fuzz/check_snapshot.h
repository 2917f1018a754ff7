// What must hold for any bytes that somebody calls a heap snapshot.
#pragma once

#include <span>

namespace leaktrail::testing {

// Reads the bytes in several ways, which must agree, and runs all analyses on what comes out.
// Aborts with a message where something does not hold. Which ways are taken depends on the bytes
// alone.
void CheckSnapshot(std::span<const char> bytes);

}  // namespace leaktrail::testing
