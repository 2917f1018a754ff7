#include "capture/node_version.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <mutex>
#include <string_view>
#include <tuple>
#include <vector>

#include "capture/tcp_connect.h"

namespace leaktrail {
namespace {

constexpr std::string_view kMark = "node.js/v";  // as /json/version says it
constexpr size_t kBlock = 1 << 20;
constexpr size_t kOverlap = 64;  // a mark and a version that a block's end would cut

std::string VersionAt(std::string_view text) {
  const size_t end = std::min(text.find_first_not_of("0123456789."), text.size());
  const std::string_view version = text.substr(0, end);
  return std::count(version.begin(), version.end(), '.') == 2 ? std::string(version) : "";
}

std::string SearchVersion(int fd) {
  std::vector<char> block(kOverlap + kBlock);
  size_t kept = 0;
  while (true) {
    const ssize_t n = read(fd, block.data() + kept, kBlock);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return "";
    const std::string_view text(block.data(), kept + static_cast<size_t>(n));
    for (size_t at = text.find(kMark); at != std::string_view::npos;
         at = text.find(kMark, at + 1)) {
      // One that the block cuts is found whole in the next.
      if (at + kOverlap > text.size() && n == static_cast<ssize_t>(kBlock)) break;
      const std::string version = VersionAt(text.substr(at + kMark.size()));
      if (!version.empty()) return version;
    }
    kept = std::min(kOverlap, text.size());
    std::copy(text.end() - static_cast<ptrdiff_t>(kept), text.end(), block.begin());
  }
}

}  // namespace

std::string FindNodeVersion(const std::string& executable) {
  using Key = std::tuple<dev_t, ino_t, time_t>;
  static std::mutex mutex;
  static std::map<Key, std::string> known;
  const FileDescriptor file(open(executable.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat info {};
  if (!file.valid() || fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode)) return "";
  const Key key{info.st_dev, info.st_ino, info.st_mtime};
  const std::lock_guard lock(mutex);
  const auto found = known.find(key);
  if (found != known.end()) return found->second;
  return known[key] = SearchVersion(file.get());
}

}  // namespace leaktrail
