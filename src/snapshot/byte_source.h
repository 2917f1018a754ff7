// Where the reader's bytes come from: a place that can be read anywhere (a file, memory), or a
// stream. One position moves forward through both; bytes taken too far can be given back.
//
// Threads: Take, Unread and position are for one thread at a time (the pipeline's lock); Fill runs
// outside the lock, in parallel.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/byte_store.h"
#include "base/input.h"
#include "base/result.h"

namespace leaktrail {

class ByteSource {
 public:
  // `size` bytes of `store`.
  ByteSource(std::shared_ptr<const ByteStore> store, uint64_t size)
      : store_(std::move(store)), size_(size) {}
  explicit ByteSource(ByteStream stream) : stream_(std::move(stream)) {}

  bool random_access() const { return store_ != nullptr; }
  uint64_t size() const { return size_; }  // random access only
  uint64_t position() const { return position_; }
  const std::shared_ptr<const ByteStore>& store() const { return store_; }

  // Takes the next n bytes (fewer at the end, 0 only there). A stream's are in `out` at once; with
  // random access they are there after Fill.
  Result<size_t> Take(size_t n, char* out);
  // Reads [offset, offset + n), which Take gave.
  Result<void> Fill(uint64_t offset, size_t n, char* out) const;
  // The next bytes are read from `offset` again. A stream needs the bytes back.
  void Unread(uint64_t offset, std::string bytes);

 private:
  std::shared_ptr<const ByteStore> store_;
  uint64_t size_ = 0;
  ByteStream stream_;
  std::optional<Error> stream_error_;  // for when what came before it has been taken
  std::string unread_;
  size_t unread_at_ = 0;
  uint64_t position_ = 0;
};

// Reads byte by byte where the reader looks at structure: between and around the large arrays.
class Cursor {
 public:
  static constexpr int kEnd = -1;
  explicit Cursor(ByteSource& source) : source_(&source), offset_(source.position()) {}
  // The next byte without taking it; kEnd at the end. Check failed() after kEnd.
  int Peek();
  int Next();
  int SkipSpace();  // then Peek
  uint64_t offset() const { return offset_ + at_; }
  bool failed() const { return error_.has_value(); }
  const Error& error() const { return *error_; }
  // Gives back what was read ahead: the source goes on at offset().
  void Release();

 private:
  static constexpr size_t kBlock = 4096;
  ByteSource* source_;
  uint64_t offset_;  // of block_[0]
  std::string block_;
  size_t at_ = 0;
  bool end_ = false;
  std::optional<Error> error_;
};

}  // namespace leaktrail
