#include "base/state_folder.h"

#include <errno.h>
#include <sys/stat.h>

#include <cstdlib>

namespace leaktrail {

std::string StateFolder() {
  const auto variable = [](const char* name) {
    const char* value = std::getenv(name);
    return std::string(value == nullptr ? "" : value);
  };
  std::string folder = variable("XDG_STATE_HOME");
  if (folder.empty() && !variable("HOME").empty()) folder = variable("HOME") + "/.local/state";
  return folder.empty() ? "" : folder + "/leaktrail";
}

bool MakeFoldersOf(const std::string& file_path) {
  for (size_t at = file_path.find('/', 1); at != std::string::npos;
       at = file_path.find('/', at + 1)) {
    if (mkdir(file_path.substr(0, at).c_str(), 0700) != 0 && errno != EEXIST && errno != EROFS &&
        errno != EACCES) {
      return false;
    }
  }
  return true;
}

}  // namespace leaktrail
