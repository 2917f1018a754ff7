#include "snapshot/chunk_pipeline.h"

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include "base/parallel.h"

namespace leaktrail {
namespace {

size_t TrailingBackslashes(const char* data, size_t size) {
  size_t n = 0;
  while (n < size && data[size - 1 - n] == '\\') ++n;
  return n;
}

class PipelineRun {
 public:
  PipelineRun(const ChunkPipeline& p, ByteSource& source)
      : p_(p), source_(source), begin_(source.position()) {
    tail_.assign(kBlockBytes, '[');
    end_.offset = begin_;
  }

  Result<SectionEnd> Run() {
    RunWorkers(std::max(1u, p_.threads), [this](unsigned) {
      try {
        Work();
      } catch (const std::bad_alloc&) {
        Stop(Error{ErrorKind::kEnvironment, "not enough memory for this snapshot", {}});
      }
    });
    if (error_) return tl::unexpected<Error>(*error_);
    // Met while looking for more, behind the section's end: whoever reads on will meet it again.
    if (end_.stop_byte >= 0) input_error_.reset();
    std::string rest;
    for (auto& [sequence, bytes] : left_over_) rest += bytes;
    source_.Unread(end_.offset, std::move(rest));
    return end_;
  }

 private:
  void Stop(Error error) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!error_) error_ = std::move(error);
    ended_ = true;
    failed_ = true;
    wake_.notify_all();
  }

  // Takes the next chunk into `buffer`. False when there is none.
  bool Take(std::vector<char>& buffer, Chunk& chunk, uint64_t& sequence) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (ended_) return false;
    if (p_.cancel != nullptr && p_.cancel->cancelled()) {
      error_ = Error{ErrorKind::kInterrupted, "interrupted", {}};
      ended_ = failed_ = true;
      wake_.notify_all();
      return false;
    }
    chunk.offset = source_.position();
    char* const data = buffer.data() + kBlockBytes;
    Result<size_t> taken = source_.Take(p_.chunk_bytes, data);
    if (!taken) {
      // What was read so far is whole; a tolerant reader goes on with it.
      input_error_ = taken.error();
      taken = size_t{0};
    }
    chunk.data = data;
    chunk.size = *taken;
    if (chunk.size == 0) {
      ended_ = true;
      wake_.notify_all();
      return false;
    }
    sequence = next_sequence_++;
    if (!source_.random_access()) {
      std::memcpy(buffer.data(), tail_.data(), kBlockBytes);
      chunk.starts_escaped = escaped_;
      const size_t run = TrailingBackslashes(data, chunk.size);
      escaped_ = run == chunk.size ? escaped_ != (run % 2 == 1) : run % 2 == 1;
      if (chunk.size >= kBlockBytes) {
        std::memcpy(tail_.data(), data + chunk.size - kBlockBytes, kBlockBytes);
      } else {
        tail_.erase(tail_.begin(), tail_.begin() + static_cast<long>(chunk.size));
        tail_.insert(tail_.end(), data, data + chunk.size);
      }
    }
    return true;
  }

  // Random access: reads the chunk and what stands before it.
  Result<void> Fill(std::vector<char>& buffer, Chunk& chunk) {
    const size_t before =
        static_cast<size_t>(std::min<uint64_t>(kBlockBytes, chunk.offset - begin_));
    std::memset(buffer.data(), '[', kBlockBytes);
    Result<void> r = source_.Fill(chunk.offset - before, before + chunk.size,
                                  buffer.data() + kBlockBytes - before);
    if (!r) return r;
    size_t run = TrailingBackslashes(buffer.data() + kBlockBytes - before, before);
    if (run == before && before == kBlockBytes) {
      // A longer run than the block before the chunk: look further back.
      uint64_t at = chunk.offset - before;
      std::vector<char> back(4096);
      while (at > begin_) {
        const size_t n = static_cast<size_t>(std::min<uint64_t>(back.size(), at - begin_));
        if (Result<void> f = source_.Fill(at - n, n, back.data()); !f) return f;
        const size_t more = TrailingBackslashes(back.data(), n);
        run += more;
        at -= n;
        if (more < n) break;
      }
    }
    chunk.starts_escaped = run % 2 == 1;
    return {};
  }

  void Work() {
    std::vector<char> buffer(kBlockBytes + p_.chunk_bytes + kBlockBytes, 0);
    Chunk chunk;
    uint64_t sequence = 0;
    while (Take(buffer, chunk, sequence)) {
      std::optional<Error> fill_error;
      if (source_.random_access()) {
        if (Result<void> r = Fill(buffer, chunk); !r) fill_error = r.error();
      }
      const ChunkScan scan = fill_error ? ChunkScan{} : p_.scan(chunk);
      ChunkTask task{chunk, 0, scan.count, false};
      if (!Publish(sequence, scan, fill_error, task)) continue;
      p_.work(task);
      const std::lock_guard<std::mutex> lock(mutex_);
      --in_work_;
      wake_.notify_all();
    }
  }

  // Waits for its turn and fills in the task. False: there is nothing to do with this chunk.
  bool Publish(uint64_t sequence, const ChunkScan& scan, const std::optional<Error>& fill_error,
               ChunkTask& task) {
    std::unique_lock<std::mutex> lock(mutex_);
    const auto my_turn = [&] { return failed_ || published_ == sequence; };
    wake_.wait(lock, my_turn);
    if (failed_) return false;
    if (stopped_) {  // by an earlier chunk
      if (!source_.random_access()) left_over_[sequence].assign(task.chunk.data, task.chunk.size);
      ++published_;
      wake_.notify_all();
      return false;
    }
    if (fill_error) {
      input_error_ = fill_error;
      return EndHere(task.chunk.offset, -1);
    }
    task.first = end_.count;
    const size_t parity = end_.count & 1;
    const size_t stop = scan.stop_at[parity];
    const size_t whole = task.chunk.size;
    if (stop != kNoStop) {
      task.count = scan.count_at_stop[parity];
      task.chunk.size = stop;
      task.stopped = true;
    }
    if (end_.count + task.count > p_.capacity()) {
      wake_.wait(lock, [&] { return failed_ || in_work_ == 0; });
      if (failed_) return false;
      if (!p_.reserve(end_.count + task.count)) {
        return EndHere(task.chunk.offset, static_cast<unsigned char>(task.chunk.data[0]));
      }
    }
    if (p_.keep && !p_.keep(task.chunk.data, task.chunk.size)) {
      error_ = Error{ErrorKind::kEnvironment, "not enough memory for this snapshot", {}};
      ended_ = failed_ = true;
      wake_.notify_all();
      return false;
    }
    end_.count += task.count;
    ++in_work_;
    if (stop != kNoStop) {
      if (!source_.random_access()) {
        left_over_[sequence].assign(task.chunk.data + stop, whole - stop);
      }
      EndHere(task.chunk.offset + stop, static_cast<unsigned char>(task.chunk.data[stop]));
    } else {
      end_.offset = task.chunk.offset + task.chunk.size;
      ++published_;
      wake_.notify_all();
    }
    if (p_.progress != nullptr) {
      p_.progress->Report("reading", end_.offset, source_.random_access() ? source_.size() : 0);
    }
    return true;
  }

  // Locked. The section ends; later chunks give their bytes back.
  bool EndHere(uint64_t offset, int byte) {
    end_.offset = offset;
    end_.stop_byte = byte;
    stopped_ = true;
    ended_ = true;
    ++published_;
    wake_.notify_all();
    return false;
  }

 public:
  // Set when the input, not its content, was what ended the section.
  const std::optional<Error>& input_error() const { return input_error_; }

 private:
  const ChunkPipeline& p_;
  ByteSource& source_;
  const uint64_t begin_;
  std::mutex mutex_;
  std::condition_variable wake_;
  uint64_t next_sequence_ = 0;
  uint64_t published_ = 0;
  uint64_t in_work_ = 0;
  bool ended_ = false;    // no more chunks are taken
  bool stopped_ = false;  // a chunk had the end in it
  bool failed_ = false;
  SectionEnd end_;
  std::optional<Error> error_;
  std::optional<Error> input_error_;
  std::vector<char> tail_;
  bool escaped_ = false;
  std::map<uint64_t, std::string> left_over_;
};

}  // namespace

Result<SectionEnd> ChunkPipeline::Run(ByteSource& source) {
  PipelineRun run(*this, source);
  Result<SectionEnd> end = run.Run();
  if (end && run.input_error()) {
    end->input_error = run.input_error();
  }
  return end;
}

}  // namespace leaktrail
