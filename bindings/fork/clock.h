// Milliseconds of a clock that only goes forward.
#pragma once

#include <time.h>

namespace leaktrail_fork {

inline double NowMs() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<double>(t.tv_sec) * 1e3 + static_cast<double>(t.tv_nsec) / 1e6;
}

}  // namespace leaktrail_fork
