// Streams of bytes, and what turns a compressed one into a plain one.
//
// Threads: a stream is pulled by one thread at a time.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "base/byte_store.h"
#include "base/result.h"

namespace leaktrail {

// Bytes in order: fills `out`, returns how many; 0 only at the end.
using ByteStream = std::function<Result<size_t>(std::span<char> out)>;

enum class Compression : uint8_t { kNone, kGzip, kZstd };

// By the first bytes (4 are enough).
Compression DetectCompression(std::span<const char> head);

// `in` without its compression. Several gzip members or zstd frames in a row are one stream.
ByteStream Decompress(ByteStream in, Compression compression);

// A stream over the bytes that were already taken from `in`, then the rest of `in`.
ByteStream Prepend(std::string head, ByteStream in);

// An opened file. Regular files can be read at any place; others (pipes) only in order.
class InputFile {
 public:
  static Result<std::shared_ptr<InputFile>> Open(const std::string& path);  // "-": standard input
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  bool regular() const { return regular_; }
  uint64_t size() const { return size_; }  // of a regular file when it was opened
  // -1 on failure (errno is set). At most n bytes, fewer at the end.
  long ReadAt(uint64_t offset, size_t n, char* out) const;
  long ReadNext(size_t n, char* out) const;

 private:
  InputFile() = default;
  int fd_ = -1;
  bool close_ = false;
  bool regular_ = false;
  uint64_t size_ = 0;
};

ByteStream StreamOf(std::shared_ptr<const InputFile> file);

// Random access to a regular file's bytes.
class FileStore : public ByteStore {
 public:
  explicit FileStore(std::shared_ptr<const InputFile> file) : file_(std::move(file)) {}
  size_t Read(uint64_t offset, size_t n, char* out) const override;

 private:
  std::shared_ptr<const InputFile> file_;
};

// Random access to bytes that somebody else keeps.
class SpanStore : public ByteStore {
 public:
  explicit SpanStore(std::span<const char> bytes) : bytes_(bytes) {}
  size_t Read(uint64_t offset, size_t n, char* out) const override;

 private:
  std::span<const char> bytes_;
};

}  // namespace leaktrail
