#include "base/output_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <vector>

#include "base/input.h"

namespace leaktrail {
namespace {

constexpr size_t kBlock = size_t{256} << 10;
constexpr int kZstdLevel = 3;
constexpr int kGzipLevel = 4;         // a third of the time of the usual 6, files 5 % larger
constexpr int kGzipWindow = 15 + 16;  // 16: with gzip's head
constexpr mode_t kOwnerOnly = 0600, kAsUmask = 0666;

Compression CompressionOf(const std::string& path) {
  if (path.ends_with(".gz")) return Compression::kGzip;
  if (path.ends_with(".zst")) return Compression::kZstd;
  return Compression::kNone;
}

std::string FolderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

// Also if that is not there yet.
std::string BehindLinks(std::filesystem::path path) {
  constexpr int kMostLinks = 40;  // as the kernel's
  std::error_code error;
  for (int i = 0; i < kMostLinks && std::filesystem::is_symlink(path, error); ++i) {
    path = path.parent_path() / std::filesystem::read_symlink(path, error);
  }
  return path.string();
}

}  // namespace

struct OutputFile::State {
  std::string path;
  std::string part;       // "" while the file has no name
  bool is_named = false;  // from the start
  int fd = -1;
  Compression compression = Compression::kNone;
  std::vector<char> pending = {};
  uint64_t file_bytes = 0;
  ZSTD_CCtx* zstd = nullptr;
  z_stream gzip{};
  bool gzip_open = false;

  ~State() {
    if (fd >= 0) close(fd);
    if (!part.empty()) unlink(part.c_str());
    ZSTD_freeCCtx(zstd);
    if (gzip_open) deflateEnd(&gzip);
  }

  tl::unexpected<Error> Failure(const char* what, int error) const {
    return Fail(ErrorKind::kEnvironment, fmt::format("{}: {} ({}); choose another place with -o",
                                                     path, what, std::strerror(error)));
  }

  Result<void> Open(FileReaders readers) {
    if (TakesBytesAsTheyCome(path)) {
      fd = open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
      if (fd < 0) return Failure("cannot be opened", errno);
      is_named = true;
      return {};
    }
    std::error_code error;
    if (std::filesystem::is_directory(path, error)) return Failure("is a folder", EISDIR);
    path = BehindLinks(path);
    const mode_t mode = readers == FileReaders::kOwner ? kOwnerOnly : kAsUmask;
#ifdef O_TMPFILE
    fd = open(FolderOf(path).c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, mode);
    if (fd >= 0) return {};
#endif
    std::string name = PartName();
    fd = open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd < 0) return Failure("cannot be created", errno);
    part = std::move(name);
    return {};
  }
  std::string PartName() const { return fmt::format("{}.part-{}", path, getpid()); }

  Result<void> WriteOut(const char* data, size_t size) {
    while (size > 0) {
      const ssize_t n = write(fd, data, size);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return Failure("cannot be written", errno);
      data += n;
      size -= static_cast<size_t>(n);
      file_bytes += static_cast<uint64_t>(n);
    }
    return {};
  }

  Result<void> Flush() {
    if (pending.empty()) return {};
    Result<void> done = WriteOut(pending.data(), pending.size());
    pending.clear();
    return done;
  }
  Result<void> Append(const char* data, size_t size) {
    pending.insert(pending.end(), data, data + size);
    return pending.size() >= kBlock ? Flush() : Result<void>{};
  }

  Result<void> Zstd(std::span<const char> bytes, ZSTD_EndDirective directive) {
    ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
    char buffer[16 << 10];
    for (;;) {
      ZSTD_outBuffer out{buffer, sizeof buffer, 0};
      const size_t left = ZSTD_compressStream2(zstd, &out, &in, directive);
      if (ZSTD_isError(left)) return Failure(ZSTD_getErrorName(left), ENOMEM);
      if (Result<void> done = Append(buffer, out.pos); !done) return done;
      const bool over = directive == ZSTD_e_end ? left == 0 : in.pos == in.size;
      if (over) return {};
    }
  }

  Result<void> Gzip(std::span<const char> bytes, int flush) {
    // zlib takes no const and at most 4 GiB; pieces are far smaller.
    gzip.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    gzip.avail_in = static_cast<uInt>(bytes.size());
    char buffer[16 << 10];
    for (;;) {
      gzip.next_out = reinterpret_cast<Bytef*>(buffer);
      gzip.avail_out = sizeof buffer;
      const int code = deflate(&gzip, flush);
      if (code == Z_STREAM_ERROR) return Failure("cannot be compressed", EINVAL);
      if (Result<void> done = Append(buffer, sizeof buffer - gzip.avail_out); !done) return done;
      if (flush == Z_FINISH ? code == Z_STREAM_END : gzip.avail_out != 0) return {};
    }
  }

  Result<void> NameIt() {
    if (is_named) return {};
    if (part.empty()) {
      const std::string open_file = fmt::format("/proc/self/fd/{}", fd);
      if (linkat(AT_FDCWD, open_file.c_str(), AT_FDCWD, path.c_str(), AT_SYMLINK_FOLLOW) == 0) {
        return {};
      }
      if (errno != EEXIST) return Failure("cannot be named", errno);
      std::string name = PartName();
      if (linkat(AT_FDCWD, open_file.c_str(), AT_FDCWD, name.c_str(), AT_SYMLINK_FOLLOW) != 0) {
        return Failure("cannot be named", errno);
      }
      part = std::move(name);
    }
    if (rename(part.c_str(), path.c_str()) != 0) return Failure("cannot be named", errno);
    part.clear();
    return {};
  }
};

bool TakesBytesAsTheyCome(const std::string& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0 || S_ISDIR(info.st_mode)) return false;
  return !S_ISREG(info.st_mode) || path.starts_with("/dev/") || path.starts_with("/proc/");
}

OutputFile::OutputFile(std::unique_ptr<State> state) : state_(std::move(state)) {}
OutputFile::~OutputFile() = default;

uint64_t OutputFile::file_bytes() const { return state_->file_bytes; }

Result<std::unique_ptr<OutputFile>> OutputFile::Create(const std::string& path,
                                                       FileReaders readers) {
  auto state = std::make_unique<State>();
  state->path = path;
  state->compression = CompressionOf(path);
  if (Result<void> opened = state->Open(readers); !opened) return tl::unexpected(opened.error());
  if (state->compression == Compression::kZstd) {
    state->zstd = ZSTD_createCCtx();
    if (state->zstd == nullptr) return state->Failure("cannot be compressed", ENOMEM);
    ZSTD_CCtx_setParameter(state->zstd, ZSTD_c_compressionLevel, kZstdLevel);
    ZSTD_CCtx_setParameter(state->zstd, ZSTD_c_checksumFlag, 1);
  }
  if (state->compression == Compression::kGzip) {
    state->gzip_open = deflateInit2(&state->gzip, kGzipLevel, Z_DEFLATED, kGzipWindow, 8,
                                    Z_DEFAULT_STRATEGY) == Z_OK;
    if (!state->gzip_open) return state->Failure("cannot be compressed", ENOMEM);
  }
  return std::unique_ptr<OutputFile>(new OutputFile(std::move(state)));
}

Result<void> OutputFile::Write(std::span<const char> bytes) {
  constexpr size_t kPiece = size_t{1} << 30;
  while (!bytes.empty()) {
    const auto piece = bytes.first(std::min(bytes.size(), kPiece));
    bytes = bytes.subspan(piece.size());
    Result<void> done;
    switch (state_->compression) {
      case Compression::kNone:
        done = state_->Append(piece.data(), piece.size());
        break;
      case Compression::kGzip:
        done = state_->Gzip(piece, Z_NO_FLUSH);
        break;
      case Compression::kZstd:
        done = state_->Zstd(piece, ZSTD_e_continue);
        break;
    }
    if (!done) return done;
  }
  return {};
}

Result<void> OutputFile::Finish() {
  Result<void> done;
  if (state_->compression == Compression::kGzip) done = state_->Gzip({}, Z_FINISH);
  if (state_->compression == Compression::kZstd) done = state_->Zstd({}, ZSTD_e_end);
  if (done) done = state_->Flush();
  if (done) done = state_->NameIt();
  return done;
}

}  // namespace leaktrail
