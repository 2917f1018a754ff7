#include "experiment/snapshot_files.h"

#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>

namespace leaktrail {
namespace {

constexpr std::chrono::milliseconds kTimeout{120'000};

bool WriteAll(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    text.remove_prefix(static_cast<size_t>(n));
  }
  return true;
}

}  // namespace

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

Result<void> SnapshotFiles::Take(Inspector& inspector, std::string_view name) {
  File file;
  file.path = fmt::format("{}/{}-{}.heapsnapshot", folder_, files_.size() + 1, name);
  file.shown = saved_ ? file.path : std::string(name);
  file.fd = open(file.path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file.fd < 0) {
    return Fail(ErrorKind::kEnvironment,
                fmt::format("cannot write {}: {}", file.path, std::strerror(errno)));
  }
  std::atomic<int> write_error{0};
  inspector.OnEvent("HeapProfiler.addHeapSnapshotChunk", [&](const InspectorEvent& event) {
    const auto chunk = event.params.find("chunk");
    if (chunk == event.params.end() || !chunk->is_string()) return;
    if (!WriteAll(file.fd, chunk->get_ref<const std::string&>())) write_error = errno;
  });
  const Result<nlohmann::json> answer = inspector.Call(
      "HeapProfiler.takeHeapSnapshot", {{"reportProgress", false}}, {kTimeout, {}});
  inspector.OnEvent("HeapProfiler.addHeapSnapshotChunk", {});
  if (!saved_ || !answer || write_error != 0) unlink(file.path.c_str());
  if (!answer || write_error != 0) {
    close(file.fd);
    if (!answer) return tl::unexpected(answer.error());
    return Fail(ErrorKind::kEnvironment,
                fmt::format("cannot write {}: {}", file.path, std::strerror(write_error)));
  }
  if (!saved_) file.path = fmt::format("/proc/self/fd/{}", file.fd);
  files_.push_back(std::move(file));
  return {};
}

}  // namespace leaktrail
