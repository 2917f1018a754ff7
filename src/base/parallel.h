// Parallel loops on std::thread (Debian has no static TBB; see docs/decisions.md).
//
// Cost: one thread start per worker and call, ~20 us; use for work of a millisecond and more.
// Failure: what a body throws comes out when all are done, of several the first worker's.
// Threads: bodies run concurrently; the call returns when all are done.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <functional>
#include <thread>
#include <vector>

namespace leaktrail {

// Hardware threads this process may use (affinity respected), at least 1.
unsigned HardwareThreads();

// Runs worker(k) for k in [0, workers) on as many threads, the last one on the caller's. If a
// thread cannot be started its share runs on the caller's.
void RunWorkers(unsigned workers, const std::function<void(unsigned)>& worker);

// Calls body(first, last) for disjoint blocks that cover [0, count). Which worker takes which
// block is not determined: results must not depend on it.
template <typename Body>
void ParallelBlocks(unsigned workers, size_t count, size_t block, const Body& body) {
  if (workers <= 1 || count <= block) {
    for (size_t first = 0; first < count; first += block) {
      body(first, first + block < count ? first + block : count);
    }
    return;
  }
  std::atomic<size_t> next{0};
  RunWorkers(workers, [&](unsigned) {
    for (;;) {
      const size_t first = next.fetch_add(block, std::memory_order_relaxed);
      if (first >= count) return;
      body(first, first + block < count ? first + block : count);
    }
  });
}

// Calls make(first, last, buffer) for blocks that cover [0, count), several at once, and for each
// block, in their order and one at a time, take(buffer), on the thread that made it. What one take
// wrote the next sees. A worker has one Buffer, which take leaves as make wants it.
template <typename Buffer, typename Make, typename Take>
void MakeAndTakeInOrder(unsigned workers, size_t count, size_t block, const Make& make,
                        const Take& take) {
  std::atomic<size_t> next{0}, turn{0};
  std::atomic<bool> failed{false};
  RunWorkers(workers, [&](unsigned) {
    Buffer buffer;
    try {
      for (;;) {
        const size_t mine = next.fetch_add(1, std::memory_order_relaxed);
        if (mine * block >= count) return;
        make(mine * block, std::min(count, (mine + 1) * block), buffer);
        for (size_t now = turn.load(); now != mine; now = turn.load()) {
          if (failed) return;
          turn.wait(now);
        }
        take(buffer);
        turn.store(mine + 1);
        turn.notify_all();
      }
    } catch (...) {
      failed = true;
      turn.store(~size_t{0});  // wakes those who wait
      turn.notify_all();
      throw;
    }
  });
}

}  // namespace leaktrail
