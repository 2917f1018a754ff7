#include "experiment/project_copy.h"

#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <string_view>

namespace leaktrail {
namespace {

namespace fs = std::filesystem;

constexpr size_t kChunk = size_t{1} << 20;
constexpr mode_t kModeBits = 0777;

bool IsLeftOut(const fs::path& parent, const std::string& name, const fs::file_status& status) {
  if (fs::is_directory(status)) {
    if (name == "node_modules") return fs::exists(parent / "package.json");
    return name == ".git" || name == ".hg" || name == ".svn" ||
           name.starts_with("leaktrail-scratch-");
  }
  return name.ends_with(".heapsnapshot") ||
         !(fs::is_regular_file(status) || fs::is_symlink(status));
}

tl::unexpected<Error> CannotCopy(const fs::path& path, int error) {
  return Fail(
      ErrorKind::kEnvironment,
      fmt::format("cannot copy {} to a scratch folder: {}{}", path.string(), std::strerror(error),
                  error == ENOSPC || error == EDQUOT ? "; name another with TMPDIR" : ""));
}

class Fd {
 public:
  explicit Fd(int fd) : fd_(fd) {}
  ~Fd() {
    if (fd_ >= 0) close(fd_);
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

// Shares blocks where the file system can (btrfs, XFS), which a later write then takes apart.
Result<void> CopyFile(const fs::path& from, const fs::path& to, const CancelToken* cancel) {
  const Fd in(open(from.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (in.get() < 0) return CannotCopy(from, errno);
  struct stat about {};
  if (fstat(in.get(), &about) != 0) return CannotCopy(from, errno);
  const Fd out(open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (out.get() < 0) return CannotCopy(from, errno);
  bool by_kernel = true;
  std::string bytes;
  for (;;) {
    if (cancel != nullptr && cancel->cancelled()) {
      return Fail(ErrorKind::kInterrupted, "interrupted");
    }
    if (by_kernel) {
      const ssize_t n = copy_file_range(in.get(), nullptr, out.get(), nullptr, 16 * kChunk, 0);
      if (n > 0) continue;
      if (n == 0) break;
      if (errno == EINTR) continue;
      if (errno != EXDEV && errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP) {
        return CannotCopy(from, errno);
      }
      by_kernel = false;
      bytes.resize(kChunk);
    }
    const ssize_t n = read(in.get(), bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return CannotCopy(from, errno);
    if (n == 0) break;
    for (ssize_t done = 0; done < n;) {
      const ssize_t written = write(out.get(), bytes.data() + done, static_cast<size_t>(n - done));
      if (written < 0 && errno != EINTR) return CannotCopy(from, errno);
      if (written > 0) done += written;
    }
  }
  // Readable for us whatever it was; npm and the service run as we do.
  if (fchmod(out.get(), (about.st_mode & kModeBits) | 0600) != 0) return CannotCopy(from, errno);
  return {};
}

Result<void> CopyLink(const fs::path& root, const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::path target = fs::read_symlink(from, error);
  if (error) return CannotCopy(from, error.value());
  const fs::path whole = (from.parent_path() / target).lexically_normal();
  const fs::path inside = whole.lexically_relative(root);
  const bool leads_out = inside.empty() || *inside.begin() == "..";
  target = leads_out ? whole : whole.lexically_relative(from.parent_path());
  fs::create_symlink(target, to, error);
  if (error) return CannotCopy(from, error.value());
  return {};
}

Result<void> CopyFolder(const fs::path& root, const fs::path& from, const fs::path& to,
                        const CancelToken* cancel) {
  std::error_code error;
  fs::create_directories(to, error);
  if (error) return CannotCopy(from, error.value());
  fs::directory_iterator entries(from, error);
  if (error) return CannotCopy(from, error.value());
  for (; entries != fs::directory_iterator(); entries.increment(error)) {
    if (error) return CannotCopy(from, error.value());
    const fs::path& path = entries->path();
    const std::string name = path.filename().string();
    const fs::file_status status = entries->symlink_status(error);
    if (error || IsLeftOut(from, name, status)) continue;
    const Result<void> copied = fs::is_symlink(status) ? CopyLink(root, path, to / name)
                                : fs::is_directory(status)
                                    ? CopyFolder(root, path, to / name, cancel)
                                    : CopyFile(path, to / name, cancel);
    if (!copied) return copied;
  }
  return {};
}

}  // namespace

Result<void> CopyProject(const std::string& from, const std::string& to,
                         const CancelToken* cancel) {
  return CopyFolder(fs::path(from).lexically_normal(), from, to, cancel);
}

}  // namespace leaktrail
