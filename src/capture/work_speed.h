// How fast this machine does what V8 does when it makes a snapshot: to look objects up in a table
// that no cache holds, and to write numbers.
//
// Cost: 16 MB of memory and some 120 ms of one processor.
// Threads: any.
#pragma once

namespace leaktrail {

// How many times as long as on the machine on which the figures of preflight.cc were measured. What
// else the machine does at the moment counts, as it will in the snapshot. 1 if it cannot be told.
double MeasureWorkTime();

}  // namespace leaktrail
