#include "base/byte_store.h"

#include <algorithm>
#include <cstring>
#include <new>

namespace leaktrail {

bool MemoryStore::Append(const char* data, size_t n) {
  while (n > 0) {
    const size_t used = static_cast<size_t>(size_ % kPieceBytes);
    if (used == 0) {
      std::unique_ptr<char[]> piece(new (std::nothrow) char[kPieceBytes]);
      if (piece == nullptr) return false;
      pieces_.push_back(std::move(piece));
    }
    const size_t part = std::min(n, kPieceBytes - used);
    std::memcpy(pieces_.back().get() + used, data, part);
    data += part;
    n -= part;
    size_ += part;
  }
  return true;
}

size_t MemoryStore::Read(uint64_t offset, size_t n, char* out) const {
  if (offset < first_offset_ || offset - first_offset_ >= size_) return 0;
  uint64_t at = offset - first_offset_;
  n = static_cast<size_t>(std::min<uint64_t>(n, size_ - at));
  for (size_t done = 0; done < n;) {
    const size_t in_piece = static_cast<size_t>(at % kPieceBytes);
    const size_t part = std::min(n - done, kPieceBytes - in_piece);
    std::memcpy(out + done, pieces_[static_cast<size_t>(at / kPieceBytes)].get() + in_piece, part);
    done += part;
    at += part;
  }
  return n;
}

}  // namespace leaktrail
