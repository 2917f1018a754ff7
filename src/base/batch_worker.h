// Hands values to a function in batches, in order, on a thread of its own if there is one to spare.
//
//   BatchWorker<Candidate> w(true, [&](std::span<const Candidate> batch) { … });
//   w.Push(a); w.Push(b); …   the function sees them when a batch is full
//   w.Finish();               … and by now all of them
//
// Cost: a lock a batch. At most kBatches batches wait; then Push waits too.
// Failure: what the function throws comes out of Push or Finish.
// Threads: Push and Finish from one thread. What that thread wrote before Push is seen by the
// function, and what the function wrote is seen after Finish.
#pragma once

#include <array>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <functional>
#include <mutex>
#include <span>
#include <system_error>
#include <thread>
#include <vector>

namespace leaktrail {

template <typename T>
class BatchWorker {
 public:
  static constexpr size_t kBatchSize = 4096;
  static constexpr size_t kBatches = 16;

  BatchWorker(bool own_thread, std::function<void(std::span<const T>)> work)
      : work_(std::move(work)) {
    for (std::vector<T>& b : batches_) b.reserve(kBatchSize);
    if (!own_thread) return;
    try {
      thread_ = std::thread([this] { Run(); });
    } catch (const std::system_error&) {
      // No thread to be had: the caller's does the work.
    }
  }
  ~BatchWorker() { Stop(); }
  BatchWorker(const BatchWorker&) = delete;
  BatchWorker& operator=(const BatchWorker&) = delete;

  void Push(const T& value) {
    std::vector<T>& batch = batches_[filling_ % kBatches];
    batch.push_back(value);
    if (batch.size() == kBatchSize) Send();
  }
  void Finish() {
    Send();
    Stop();
    if (error_) std::rethrow_exception(error_);
  }

 private:
  void Send() {
    if (!thread_.joinable()) {
      std::vector<T>& batch = batches_[filling_ % kBatches];
      work_(batch);
      batch.clear();
      return;
    }
    std::unique_lock<std::mutex> lock(mutex_);
    ++filling_;
    changed_.notify_all();
    changed_.wait(lock, [&] { return error_ || filling_ - done_ < kBatches; });
    if (error_) std::rethrow_exception(error_);
  }
  void Stop() {
    if (!thread_.joinable()) return;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      stopping_ = true;
      changed_.notify_all();
    }
    thread_.join();
  }
  void Run() {
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
      changed_.wait(lock, [&] { return stopping_ || done_ < filling_; });
      if (done_ == filling_) return;
      std::vector<T>& batch = batches_[done_ % kBatches];
      lock.unlock();
      try {
        work_(batch);
      } catch (...) {
        lock.lock();
        error_ = std::current_exception();
        changed_.notify_all();
        return;
      }
      lock.lock();
      batch.clear();
      ++done_;
      changed_.notify_all();
    }
  }

  const std::function<void(std::span<const T>)> work_;
  std::array<std::vector<T>, kBatches> batches_;
  size_t filling_ = 0;  // batches handed over; the one being filled
  size_t done_ = 0;
  bool stopping_ = false;
  std::exception_ptr error_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::thread thread_;
};

}  // namespace leaktrail
