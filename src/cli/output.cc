#include "cli/output.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace leaktrail {
namespace {

int WriteAll(int file, std::string_view text) {  // 0 or errno
  while (!text.empty()) {
    const ssize_t n = write(file, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno;
    text.remove_prefix(static_cast<size_t>(n));
  }
  return 0;
}

}  // namespace

void StandardOutput::Write(std::string_view text) {
  if (error_number_ == 0) error_number_ = WriteAll(STDOUT_FILENO, text);
}

Result<void> StandardOutput::Finish() const {
  if (error_number_ == 0 || error_number_ == EPIPE) return {};
  return Fail(ErrorKind::kEnvironment, std::string("standard output cannot be written (") +
                                           std::strerror(error_number_) +
                                           "); the report is incomplete");
}

void LeaveStandardOutputTo(const std::string& path) {
  struct stat file {
  }, out{};
  if (stat(path.c_str(), &file) != 0 || fstat(STDOUT_FILENO, &out) != 0) return;
  if (file.st_dev == out.st_dev && file.st_ino == out.st_ino) dup2(STDERR_FILENO, STDOUT_FILENO);
}

void WriteToStandardError(std::string_view text) { WriteAll(STDERR_FILENO, text); }

}  // namespace leaktrail
