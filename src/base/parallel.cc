#include "base/parallel.h"

#include <exception>
#include <system_error>

#ifdef __linux__
#include <sched.h>
#endif

namespace leaktrail {

unsigned HardwareThreads() {
#ifdef __linux__
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) {
    const int n = CPU_COUNT(&set);
    if (n > 0) return static_cast<unsigned>(n);
  }
#endif
  const unsigned n = std::thread::hardware_concurrency();
  return n > 0 ? n : 1;
}

void RunWorkers(unsigned workers, const std::function<void(unsigned)>& worker) {
  std::vector<std::exception_ptr> errors(workers);
  const auto run = [&](unsigned k) {
    try {
      worker(k);
    } catch (...) {
      errors[k] = std::current_exception();
    }
  };
  std::vector<std::thread> threads;
  threads.reserve(workers);
  unsigned started = 0;
  for (; started + 1 < workers; ++started) {
    try {
      threads.emplace_back(run, started);
    } catch (const std::system_error&) {
      break;  // out of threads: the caller does the rest
    }
  }
  for (unsigned k = started; k < workers; ++k) run(k);
  for (std::thread& t : threads) t.join();
  for (const std::exception_ptr& error : errors) {
    if (error) std::rethrow_exception(error);
  }
}

}  // namespace leaktrail
