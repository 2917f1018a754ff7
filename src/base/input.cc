#include "base/input.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <vector>

namespace leaktrail {
namespace {

constexpr size_t kInputBlock = size_t{1} << 17;

class GzipStream {
 public:
  explicit GzipStream(ByteStream in) : in_(std::move(in)), block_(kInputBlock) {
    ok_ = inflateInit2(&z_, 15 + 16) == Z_OK;  // 16: gzip wrapper
  }
  ~GzipStream() { inflateEnd(&z_); }
  GzipStream(const GzipStream&) = delete;
  GzipStream& operator=(const GzipStream&) = delete;

  Result<size_t> Read(std::span<char> out) {
    if (!ok_) return Fail(ErrorKind::kEnvironment, "not enough memory to decompress gzip");
    z_.next_out = reinterpret_cast<Bytef*>(out.data());
    z_.avail_out = static_cast<uInt>(std::min<size_t>(out.size(), 1u << 30));
    const uInt room = z_.avail_out;
    while (z_.avail_out == room) {
      if (z_.avail_in == 0 && !end_of_input_) {
        Result<size_t> got = in_(block_);
        if (!got) return got;
        z_.next_in = reinterpret_cast<Bytef*>(block_.data());
        z_.avail_in = static_cast<uInt>(*got);
        end_of_input_ = *got == 0;
      }
      if (between_members_) {
        if (z_.avail_in == 0) return size_t{0};
        // Zeros after the last member are padding.
        if (*z_.next_in == 0) {
          ++z_.next_in;
          --z_.avail_in;
          continue;
        }
        inflateReset(&z_);
        between_members_ = false;
      }
      const int r = inflate(&z_, Z_NO_FLUSH);
      if (r == Z_STREAM_END) {
        between_members_ = true;
      } else if (r == Z_BUF_ERROR || (r == Z_OK && z_.avail_out == room)) {
        if (end_of_input_ && z_.avail_in == 0) {
          return FailAt(total_, "the gzip data ends too early: the file is truncated");
        }
      } else if (r != Z_OK) {
        // What came out before the damage is whole; inflate fails again at the next call.
        if (z_.avail_out != room) break;
        return FailAt(total_, "the gzip data is damaged");
      }
    }
    total_ += room - z_.avail_out;
    return static_cast<size_t>(room - z_.avail_out);
  }

 private:
  ByteStream in_;
  std::vector<char> block_;
  z_stream z_{};
  uint64_t total_ = 0;
  bool ok_ = false;
  bool end_of_input_ = false;
  bool between_members_ = false;
};

class ZstdStream {
 public:
  explicit ZstdStream(ByteStream in)
      : in_(std::move(in)), block_(kInputBlock), z_(ZSTD_createDStream()) {}
  ~ZstdStream() { ZSTD_freeDStream(z_); }
  ZstdStream(const ZstdStream&) = delete;
  ZstdStream& operator=(const ZstdStream&) = delete;

  Result<size_t> Read(std::span<char> out) {
    if (z_ == nullptr) return Fail(ErrorKind::kEnvironment, "not enough memory to decompress zstd");
    if (damage_) return tl::unexpected<Error>(*damage_);
    ZSTD_outBuffer o{out.data(), out.size(), 0};
    while (o.pos == 0) {
      if (i_.pos == i_.size && !end_of_input_) {
        Result<size_t> got = in_(block_);
        if (!got) return got;
        i_ = {block_.data(), *got, 0};
        end_of_input_ = *got == 0;
      }
      if (end_of_input_ && i_.pos == i_.size) {
        // What is still inside the decompressor comes out without more input.
        const size_t r = in_frame_ ? ZSTD_decompressStream(z_, &o, &i_) : 0;
        if (ZSTD_isError(r) != 0) return FailAt(total_, "the zstd data is damaged");
        if (o.pos == 0) {
          if (!in_frame_ || r == 0) return size_t{0};
          return FailAt(total_, "the zstd data ends too early: the file is truncated");
        }
        in_frame_ = r != 0;
        break;
      }
      const size_t r = ZSTD_decompressStream(z_, &o, &i_);
      if (ZSTD_isError(r) != 0) {
        damage_ = Error{ErrorKind::kBadInput,
                        fmt::format("the zstd data is damaged ({})", ZSTD_getErrorName(r)),
                        total_ + o.pos};
        if (o.pos > 0) break;  // what came out before the damage is whole
        return tl::unexpected<Error>(*damage_);
      }
      in_frame_ = r != 0;
    }
    total_ += o.pos;
    return o.pos;
  }

 private:
  ByteStream in_;
  std::vector<char> block_;
  ZSTD_DStream* z_;
  ZSTD_inBuffer i_{nullptr, 0, 0};
  uint64_t total_ = 0;
  std::optional<Error> damage_;
  bool end_of_input_ = false;
  bool in_frame_ = false;
};

}  // namespace

Compression DetectCompression(std::span<const char> head) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(head[i]); };
  if (head.size() >= 2 && byte(0) == 0x1F && byte(1) == 0x8B) return Compression::kGzip;
  if (head.size() >= 4 && byte(0) == 0x28 && byte(1) == 0xB5 && byte(2) == 0x2F &&
      byte(3) == 0xFD) {
    return Compression::kZstd;
  }
  return Compression::kNone;
}

ByteStream Decompress(ByteStream in, Compression compression) {
  switch (compression) {
    case Compression::kGzip: {
      auto s = std::make_shared<GzipStream>(std::move(in));
      return [s](std::span<char> out) { return s->Read(out); };
    }
    case Compression::kZstd: {
      auto s = std::make_shared<ZstdStream>(std::move(in));
      return [s](std::span<char> out) { return s->Read(out); };
    }
    case Compression::kNone:
      break;
  }
  return in;
}

ByteStream Prepend(std::string head, ByteStream in) {
  auto rest = std::make_shared<std::pair<std::string, size_t>>(std::move(head), 0);
  return [rest, in = std::move(in)](std::span<char> out) -> Result<size_t> {
    auto& [text, at] = *rest;
    if (at == text.size()) return in(out);
    const size_t n = std::min(out.size(), text.size() - at);
    std::memcpy(out.data(), text.data() + at, n);
    at += n;
    return n;
  };
}

Result<std::shared_ptr<InputFile>> InputFile::Open(const std::string& path) {
  std::shared_ptr<InputFile> file(new InputFile);
  if (path == "-") {
    file->fd_ = STDIN_FILENO;
  } else {
    file->fd_ = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    file->close_ = true;
  }
  struct stat s {};
  if (file->fd_ < 0 || fstat(file->fd_, &s) != 0) {
    return Fail(ErrorKind::kEnvironment,
                fmt::format("cannot open {}: {}", path, std::strerror(errno)));
  }
  if (S_ISDIR(s.st_mode)) {
    return Fail(ErrorKind::kEnvironment, fmt::format("{} is a folder, not a snapshot", path));
  }
  // Standard input may be a file that was read in part: then its order is what counts.
  file->regular_ = S_ISREG(s.st_mode) && path != "-";
  file->size_ = file->regular_ ? static_cast<uint64_t>(s.st_size) : 0;
  return file;
}

InputFile::~InputFile() {
  if (close_ && fd_ >= 0) close(fd_);
}

long InputFile::ReadAt(uint64_t offset, size_t n, char* out) const {
  size_t done = 0;
  while (done < n) {
    const ssize_t r = pread(fd_, out + done, n - done, static_cast<off_t>(offset + done));
    if (r < 0 && errno == EINTR) continue;
    if (r < 0) return -1;
    if (r == 0) break;
    done += static_cast<size_t>(r);
  }
  return static_cast<long>(done);
}

long InputFile::ReadNext(size_t n, char* out) const {
  for (;;) {
    const ssize_t r = read(fd_, out, n);
    if (r >= 0 || errno != EINTR) return r;
  }
}

ByteStream StreamOf(std::shared_ptr<const InputFile> file) {
  return [file = std::move(file)](std::span<char> out) -> Result<size_t> {
    const long r = file->ReadNext(out.size(), out.data());
    if (r < 0) {
      return Fail(ErrorKind::kEnvironment,
                  fmt::format("cannot read the input: {}", std::strerror(errno)));
    }
    return static_cast<size_t>(r);
  };
}

size_t FileStore::Read(uint64_t offset, size_t n, char* out) const {
  const long r = file_->ReadAt(offset, n, out);
  return r < 0 ? 0 : static_cast<size_t>(r);
}

size_t SpanStore::Read(uint64_t offset, size_t n, char* out) const {
  if (offset >= bytes_.size()) return 0;
  n = std::min<size_t>(n, bytes_.size() - static_cast<size_t>(offset));
  std::memcpy(out, bytes_.data() + offset, n);
  return n;
}

}  // namespace leaktrail
