// Random access to bytes that are kept somewhere: in a file, or in memory when the input was a
// pipe or compressed.
//
// Files are read with pread, not mapped: a file that shrinks while it is mapped kills the process
// (SIGBUS), a short read is a value.
//
// Threads: Read may be called from any number of threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace leaktrail {

class ByteStore {
 public:
  virtual ~ByteStore() = default;
  // Reads up to n bytes at offset; returns how many there were (0 at the end or on failure).
  virtual size_t Read(uint64_t offset, size_t n, char* out) const = 0;
};

// Bytes appended piece by piece. Append is for one thread and must be over before Read begins.
class MemoryStore : public ByteStore {
 public:
  explicit MemoryStore(uint64_t first_offset = 0) : first_offset_(first_offset) {}
  bool Append(const char* data, size_t n);  // false: no memory
  uint64_t end_offset() const { return first_offset_ + size_; }
  size_t Read(uint64_t offset, size_t n, char* out) const override;

 private:
  static constexpr size_t kPieceBytes = size_t{1} << 22;
  uint64_t first_offset_;
  uint64_t size_ = 0;
  std::vector<std::unique_ptr<char[]>> pieces_;
};

}  // namespace leaktrail
