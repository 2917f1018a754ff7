#include "experiment/snapshot_files.h"

#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>

namespace leaktrail {
SnapshotFiles::~SnapshotFiles() {
  for (const File& file : files_) {
    if (file.fd >= 0) close(file.fd);
  }
}

Result<void> SnapshotFiles::Make(const std::string& save_folder) {
  if (!save_folder.empty()) {
    std::error_code error;
    const bool made = std::filesystem::create_directories(save_folder, error);
    if (error) {
      return Fail(ErrorKind::kEnvironment,
                  fmt::format("cannot make the folder {}: {}", save_folder, error.message()));
    }
    if (made) chmod(save_folder.c_str(), 0700);
    folder_ = save_folder;
    saved_ = true;
    return {};
  }
  return {};
}

// For one file, and only until the file is whole.
Result<std::string> SnapshotFiles::HiddenFolder() const {
  const char* base = std::getenv("TMPDIR");
  std::string name =
      std::string(base != nullptr && *base != '\0' ? base : "/tmp") + "/leaktrail-XXXXXX";
  if (mkdtemp(name.data()) == nullptr) {
    return Fail(
        ErrorKind::kEnvironment,
        fmt::format("cannot make a folder for snapshots in {}: {}; name another with TMPDIR",
                    std::filesystem::path(name).parent_path().string(), std::strerror(errno)));
  }
  return name;
}

Result<void> SnapshotFiles::Take(Attachment& target, std::string_view name,
                                 SnapshotOptions options) {
  std::string folder = folder_;
  if (!saved_) {
    Result<std::string> hidden = HiddenFolder();
    if (!hidden) return tl::unexpected(hidden.error());
    folder = std::move(*hidden);
  }
  File file;
  file.path = fmt::format("{}/{}-{}.heapsnapshot", folder, files_.size() + 1, name);
  file.shown = saved_ ? file.path : std::string(name);
  options.path = file.path;
  Result<SnapshotTaken> taken = TakeSnapshot(target, options);
  if (!taken) {
    if (!saved_) rmdir(folder.c_str());
    return tl::unexpected(taken.error());
  }
  if (!saved_) {
    file.fd = open(file.path.c_str(), O_RDONLY | O_CLOEXEC);
    const int error = errno;
    unlink(file.path.c_str());
    rmdir(folder.c_str());
    if (file.fd < 0) {
      return Fail(ErrorKind::kEnvironment,
                  fmt::format("cannot read {}: {}", file.path, std::strerror(error)));
    }
    file.path = fmt::format("/proc/self/fd/{}", file.fd);
  }
  text_bytes_ += taken->text_bytes;
  files_.push_back(std::move(file));
  return {};
}

}  // namespace leaktrail
