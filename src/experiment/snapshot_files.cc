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
  if (!saved_ && !folder_.empty()) rmdir(folder_.c_str());
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
  const char* base = std::getenv("TMPDIR");
  std::string name = std::string(base != nullptr && *base != '\0' ? base : "/tmp") + "/leaktrail-XXXXXX";
  if (mkdtemp(name.data()) == nullptr) {
    return Fail(ErrorKind::kEnvironment,
                fmt::format("cannot make a folder for snapshots in {}: {}; name another with TMPDIR",
                            std::filesystem::path(name).parent_path().string(), std::strerror(errno)));
  }
  folder_ = name;
  return {};
}

Result<void> SnapshotFiles::Take(Attachment& target, std::string_view name,
                                 SnapshotOptions options) {
  File file;
  file.path = fmt::format("{}/{}-{}.heapsnapshot", folder_, files_.size() + 1, name);
  file.shown = saved_ ? file.path : std::string(name);
  options.path = file.path;
  Result<SnapshotTaken> taken = TakeSnapshot(target, options);
  if (!taken) return tl::unexpected(taken.error());
  if (!saved_) {
    file.fd = open(file.path.c_str(), O_RDONLY | O_CLOEXEC);
    const int error = errno;
    unlink(file.path.c_str());
    if (file.fd < 0) {
      return Fail(ErrorKind::kEnvironment,
                  fmt::format("cannot read {}: {}", file.path, std::strerror(error)));
    }
    file.path = fmt::format("/proc/self/fd/{}", file.fd);
  }
  files_.push_back(std::move(file));
  return {};
}

}  // namespace leaktrail
