#include "snapshot/byte_source.h"

#include <algorithm>
#include <cstring>

namespace leaktrail {

Result<size_t> ByteSource::Take(size_t n, char* out) {
  if (random_access()) {
    n = static_cast<size_t>(std::min<uint64_t>(n, size_ - std::min(size_, position_)));
    position_ += n;
    return n;
  }
  size_t done = 0;
  if (unread_at_ < unread_.size()) {
    done = std::min(n, unread_.size() - unread_at_);
    std::memcpy(out, unread_.data() + unread_at_, done);
    unread_at_ += done;
    if (unread_at_ == unread_.size()) {
      unread_.clear();
      unread_at_ = 0;
    }
  }
  // A pipe gives little at a time; a chunk should be full.
  while (done < n && !stream_error_) {
    Result<size_t> got = stream_({out + done, n - done});
    if (!got) {
      stream_error_ = got.error();
      break;
    }
    if (*got == 0) break;
    done += *got;
  }
  // What came before the error is whole.
  if (stream_error_ && done == 0 && n > 0) return tl::unexpected<Error>(*stream_error_);
  position_ += done;
  return done;
}

Result<void> ByteSource::Fill(uint64_t offset, size_t n, char* out) const {
  if (!random_access()) return {};
  const size_t got = store_->Read(offset, n, out);
  if (got < n) {
    return FailAt(offset + got,
                  "the file became shorter, or could not be read, while it was being read");
  }
  return {};
}

void ByteSource::Unread(uint64_t offset, std::string bytes) {
  if (!random_access()) {
    bytes.append(unread_, unread_at_);
    unread_ = std::move(bytes);
    unread_at_ = 0;
  }
  position_ = offset;
}

int Cursor::Peek() {
  if (at_ < block_.size()) return static_cast<unsigned char>(block_[at_]);
  if (end_) return kEnd;
  offset_ += block_.size();
  at_ = 0;
  block_.resize(kBlock);
  Result<size_t> got = source_->Take(kBlock, block_.data());
  if (!got) {
    error_ = got.error();
  } else if (Result<void> filled = source_->Fill(offset_, *got, block_.data()); !filled) {
    error_ = filled.error();
  }
  if (error_ || *got == 0) {
    end_ = true;
    block_.clear();
    return kEnd;
  }
  block_.resize(*got);
  return static_cast<unsigned char>(block_[0]);
}

int Cursor::Next() {
  const int c = Peek();
  if (c != kEnd) ++at_;
  return c;
}

int Cursor::SkipSpace() {
  for (;;) {
    const int c = Peek();
    if (c != ' ' && c != '\n' && c != '\r' && c != '\t') return c;
    ++at_;
  }
}

void Cursor::Release() {
  source_->Unread(offset(), block_.substr(at_));
  offset_ = offset();
  block_.clear();
  at_ = 0;
}

}  // namespace leaktrail
