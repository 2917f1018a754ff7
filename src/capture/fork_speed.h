// How fast this machine forks. The kernel copies the tables of anonymous memory, an entry for 4 KB,
// and its list of maps (V8 has one for each chunk of 256 KB), and how long that takes differs
// between machines by a factor of three and more.
//
// Measured with forks of this process, each the first after it has touched some memory anew: later
// ones are twice as fast, since the entries are read-only by then.
//
// Cost: 16 MB of memory and some 150 ms.
// Threads: any; what other threads of this process allocate meanwhile is measured too.
#pragma once

namespace leaktrail {

// Milliseconds that a fork takes; 0 if it cannot be told.
struct ForkSpeed {
  double ms_per_megabyte = 0;  // of anonymous memory
  double ms_per_map = 0;       // of such memory, its pages not counted
};
ForkSpeed MeasureForkSpeed();

}  // namespace leaktrail
